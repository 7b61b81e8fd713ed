using System.Diagnostics;
using Grpc.Core;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Authentication;

/// <summary>What Keys.Service said of one secret.</summary>
/// <param name="Position">The last change that the answer includes.</param>
/// <param name="AskedAt">A timestamp from before the question was sent.</param>
/// <param name="IsLast">The lane will not ask again.</param>
internal readonly record struct VerifyAnswer(Question Question, Verification Verification, long Position, long AskedAt, bool IsLast);

/// <summary>A secret that Keys.Service is asked about, and all who wait for the answer.</summary>
internal sealed class Question(SecretHash hash, PresentedSecret secret, bool isToken, long openedAt)
{
    // Its continuations run elsewhere: they are requests, and the next batch must not wait for them.
    private readonly TaskCompletionSource<KeyLookup> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SecretHash Hash => hash;

    public PresentedSecret Secret => secret;

    public bool IsToken => isToken;

    /// <summary>The timestamp of the first who wanted to know.</summary>
    public long OpenedAt => openedAt;

    public int Asked { get; set; }

    public Task<KeyLookup> Answer => _answer.Task;

    public void Settle(KeyLookup lookup) => _answer.TrySetResult(lookup);
}

/// <summary>Asks Keys.Service about secrets, many in one call.</summary>
/// <remarks>
/// 1. A secret that is being asked about is not asked about again: whoever comes meanwhile waits for the same answer.
/// 2. At most <see cref="MaxInFlight"/> calls run. What comes meanwhile waits and goes out together, so a thousand strangers a second
///    cost a few calls, and one secret on its own costs no waiting.
/// 3. At most <see cref="MaxWaiting"/> secrets wait. More are told at once that nobody can judge them.
/// 4. A call that failed fails what waits too, and then one secret a second is let through until Keys.Service answers again.
/// </remarks>
internal sealed partial class VerifyLane(
    string name, KeysApi.KeysApiClient keys, TimeSpan deadline, Func<VerifyAnswer, KeyLookup?> judge, TimeProvider time, ILogger logger)
{
    public const int MaxBatch = 256;
    public const int MaxInFlight = 2;
    public const int MaxWaiting = 4096;
    public const int MaxAsked = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly Question Unanswered = NewUnanswered();

    private readonly Lock _lock = new();
    private readonly Dictionary<SecretHash, Question> _open = [];
    private readonly Queue<Question> _waiting = new();
    private int _running;

    // The timestamp from which a silent Keys.Service may be asked again; 0 while it answers.
    private long _askAgainAt;

    /// <summary>The question is open, or its answer is there already.</summary>
    public Question Ask(SecretHash hash, Presented presented)
    {
        Question? question;
        lock (_lock)
        {
            if (_open.TryGetValue(hash, out question))
            {
                return question;
            }

            if (_waiting.Count >= MaxWaiting || !MayAsk())
            {
                return Unanswered;
            }

            question = new(hash, presented.ToProto(), presented.IsToken, time.GetTimestamp());
            _open.Add(hash, question);
            _waiting.Enqueue(question);
            if (_running == MaxInFlight)
            {
                return question;
            }

            _running++;
        }

        // Those who wait for its answers see it end.
        _ = RunAsync();
        return question;
    }

    private static Question NewUnanswered()
    {
        var question = new Question(default, new(), isToken: false, openedAt: 0);
        question.Settle(new(KeyVerdict.Unknowable));
        return question;
    }

    private bool MayAsk()
    {
        var now = time.GetTimestamp();
        if (_askAgainAt != 0 && now < _askAgainAt)
        {
            return false;
        }

        _askAgainAt = _askAgainAt == 0 ? 0 : now + PauseTicks;
        return true;
    }

    private long PauseTicks => (long)(Pause.TotalSeconds * time.TimestampFrequency);

    private async Task RunAsync()
    {
        while (TakeBatch() is { Count: > 0 } batch)
        {
            try
            {
                await AskAsync(batch);
            }
            catch (RpcException exception)
            {
                Fail(batch, exception.StatusCode);
            }
            catch (Exception exception)
            {
                Log.Failed(logger, exception, name);
                Settle(batch, new(KeyVerdict.Unknowable));
            }

            // Further batches are not part of the request that this began with.
            Activity.Current = null;
        }
    }

    private List<Question> TakeBatch()
    {
        lock (_lock)
        {
            var batch = new List<Question>(Math.Min(_waiting.Count, MaxBatch));
            while (batch.Count < MaxBatch && _waiting.TryDequeue(out var question))
            {
                batch.Add(question);
            }

            _running -= batch.Count == 0 ? 1 : 0;
            return batch;
        }
    }

    private async Task AskAsync(List<Question> batch)
    {
        var askedAt = time.GetTimestamp();

        // Not a client's own cancellation: other requests wait for the same answer.
        var reply = await keys.VerifyAsync(
            new VerifyRequest { Secrets = { batch.Select(question => question.Secret) } }, deadline: time.GetUtcNow().UtcDateTime + deadline);
        if (reply.Verifications.Count != batch.Count)
        {
            throw new InvalidOperationException($"Keys.Service judged {reply.Verifications.Count} of {batch.Count} secrets.");
        }

        lock (_lock)
        {
            _askAgainAt = 0;
        }

        foreach (var (question, verification) in batch.Zip(reply.Verifications))
        {
            question.Asked++;
            if (judge(new(question, verification, reply.Position, askedAt, question.Asked == MaxAsked)) is { } lookup)
            {
                Settle([question], lookup);
            }
            else
            {
                lock (_lock)
                {
                    _waiting.Enqueue(question);
                }
            }
        }
    }

    private void Fail(List<Question> batch, StatusCode status)
    {
        // A question that it does not take is our own fault, not an outage.
        var isOutage = status is not StatusCode.InvalidArgument;
        List<Question> waiting = [];
        lock (_lock)
        {
            if (isOutage)
            {
                _askAgainAt = time.GetTimestamp() + PauseTicks;
                waiting.AddRange(_waiting);
                _waiting.Clear();
            }
        }

        if (isOutage)
        {
            Log.Silent(logger, status, name);
        }
        else
        {
            Log.NotTaken(logger, batch.Count, name);
        }

        Settle(batch, new(KeyVerdict.Unknowable));
        Settle(waiting, new(KeyVerdict.Unknowable));
    }

    private void Settle(List<Question> questions, KeyLookup lookup)
    {
        lock (_lock)
        {
            foreach (var question in questions)
            {
                _open.Remove(question.Hash);
            }
        }

        foreach (var question in questions)
        {
            question.Settle(lookup);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Keys.Service does not answer ({StatusCode}) about {Lane} keys.")]
        public static partial void Silent(ILogger logger, StatusCode statusCode, string lane);

        [LoggerMessage(2, LogLevel.Error, "Keys.Service did not take a question about {Count} {Lane} keys.")]
        public static partial void NotTaken(ILogger logger, int count, string lane);

        [LoggerMessage(3, LogLevel.Error, "An answer of Keys.Service about {Lane} keys could not be used.")]
        public static partial void Failed(ILogger logger, Exception exception, string lane);
    }
}

using Google.Protobuf.WellKnownTypes;
using LlmGateway.Protos.Keys.V1;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Authentication;

/// <summary>The keys in use, in memory.</summary>
/// <remarks>
/// 1. A key is vouched for when Keys.Service verifies it, and whenever the stream of changes says that it is complete. Less than
///    <see cref="AuthOptions.FreshSeconds"/> after that it is known, and nobody is asked. A secret just refused stays refused for
///    <see cref="AuthOptions.RefusedSeconds"/>.
/// 2. Otherwise Keys.Service is asked: about known keys in one lane, about all others in another, so that whoever floods the gateway with
///    wrong keys waits behind himself.
/// 3. When it does not answer within a tenth of a second of the first who asks, a key vouched for less than
///    <see cref="AuthOptions.StaleSeconds"/> ago goes on working, each one by its own time, and who comes later does not wait. About any
///    other nobody can judge.
/// 4. A key that expires is refused from then on, whoever can be asked. One that a tariff's next version changes is verified anew then.
/// 5. A change in the stream takes the trust from every key that it may concern. The entry stays only to say that its secret belongs in the
///    lane of known keys; it lets nobody in, also when Keys.Service is down.
/// 6. An answer may be older than the change: read before it, delivered after it. Answers and changes have positions. A batch of changes
///    publishes its position (6a) before it looks at the entries (6b); an answer is stored (6c) before the published position is compared
///    with its own (6d). 6b and 6c take the same lock. So either 6c comes first, and 6b sees the entry; or 6b comes first, then 6d sees the
///    position, and an answer that is older is forgotten and asked for again. The last of <see cref="VerifyLane.MaxAsked"/> answers
///    serves those who wait for it, and is not remembered.
/// </remarks>
internal sealed class KeyDirectory
{
    // Changes planned for the next moment would otherwise be asked for by every request until they have happened.
    private static readonly TimeSpan SoonestChange = TimeSpan.FromSeconds(1);

    // A silent Keys.Service must not hold back calls that go on without it; its answer takes effect when it comes.
    private static readonly TimeSpan MemorySuffices = TimeSpan.FromMilliseconds(100);

    private readonly TimeProvider _time;
    private readonly UseLog _uses;
    private readonly KeyDirectoryMetrics _metrics;
    private readonly BoundedMap<SecretHash, KnownKey> _known;
    private readonly BoundedMap<SecretHash, Refused> _refused;
    private readonly VerifyLane _rechecks;
    private readonly VerifyLane _newcomers;
    private readonly long _freshTicks;
    private readonly long _staleTicks;
    private readonly long _refusedTicks;

    // Far in the past, and not so far that a difference overflows.
    private long _currentAt = long.MinValue / 2;
    private long _position = -1;

    public KeyDirectory(
        KeysApi.KeysApiClient keys,
        UseLog uses,
        KeyDirectoryMetrics metrics,
        IOptions<AuthOptions> options,
        TimeProvider time,
        ILogger<KeyDirectory> logger)
    {
        (_time, _uses, _metrics) = (time, uses, metrics);
        var auth = options.Value;
        _known = new(auth.RememberedKeys);
        _refused = new(auth.RememberedKeys);
        var deadline = TimeSpan.FromMilliseconds(auth.VerifyMilliseconds);
        _rechecks = new("known", keys, deadline, Judge, time, logger);
        _newcomers = new("new", keys, deadline, Judge, time, logger);
        _freshTicks = Ticks(TimeSpan.FromSeconds(auth.FreshSeconds));
        _staleTicks = Ticks(TimeSpan.FromSeconds(auth.StaleSeconds));
        _refusedTicks = Ticks(TimeSpan.FromSeconds(auth.RefusedSeconds));

        var startedAt = time.GetTimestamp();
        metrics.Observe(
            () => _known.Count, () => _refused.Count, () => time.GetElapsedTime(Math.Max(startedAt, Volatile.Read(ref _currentAt))).TotalSeconds);
    }

    /// <summary>For a known key this neither allocates nor waits.</summary>
    /// <param name="presented">What the client sent.</param>
    /// <param name="mayAsk">False: Keys.Service is asked about known keys only.</param>
    public ValueTask<KeyLookup> FindAsync(Presented presented, bool mayAsk = true)
    {
        var hash = presented.Hash();
        var now = _time.GetTimestamp();
        if (_known.TryGet(hash, out var known))
        {
            return now < known.CheckAt && now - VouchedAt(known) < _freshTicks
                ? new(Admit(new(KeyVerdict.Known, known), now))
                : new(RecheckAsync(hash, _rechecks.Ask(hash, presented)));
        }

        return _refused.TryGet(hash, out var refused) && now - refused.At < _refusedTicks
            ? new(new KeyLookup(KeyVerdict.Refused, Reason: refused.Reason))
            : !mayAsk ? new(new KeyLookup(KeyVerdict.Unasked))
            : new(AdmitAsync(_newcomers.Ask(hash, presented).Answer));
    }

    /// <summary>Takes what the stream of changes says.</summary>
    /// <param name="reply">The next message.</param>
    /// <param name="isResumed">The stream goes on where the last one ended. Otherwise changes may have been missed.</param>
    public void Apply(RevocationsReply reply, bool isResumed)
    {
        var arrivedAt = _time.GetTimestamp();

        // 6a.
        Interlocked.Exchange(ref _position, reply.Position);
        var everything = reply.Reset || !isResumed;
        if (everything || reply.Changes.Count > 0)
        {
            // 6b.
            var changes = new ChangeSet(reply.Changes, everything);
            _known.ForEach(known =>
            {
                if (changes.Has(known.Caller))
                {
                    known.Distrust();
                }
            });

            // A key may have come to life.
            _refused.Clear();
        }

        // Only now: what the message vouches for must not be vouched for before its changes are applied.
        if (reply.IsCurrent)
        {
            Volatile.Write(ref _currentAt, arrivedAt);
        }

        foreach (var change in reply.Changes)
        {
            _metrics.ChangeApplied((change.Age?.ToTimeSpan() ?? TimeSpan.Zero) + _time.GetElapsedTime(arrivedAt));
        }
    }

    /// <summary>Takes a key as verified; false when the answer is older than a change that has been applied.</summary>
    internal bool Remember(SecretHash hash, KnownKey key, long position)
    {
        // 6c.
        _known.Set(hash, key);

        // 6d.
        if (Interlocked.Read(ref _position) > position)
        {
            key.Distrust();
            return false;
        }

        _refused.Remove(hash);
        return true;
    }

    /// <summary>Takes a key as verified now.</summary>
    internal bool Remember(SecretHash hash, VerifiedKey key, long position = 0) =>
        Remember(hash, new KnownKey(key, byToken: false, _time.GetTimestamp()), position);

    private long VouchedAt(KnownKey known) => Math.Max(known.VouchedAt, Volatile.Read(ref _currentAt));

    private async Task<KeyLookup> AdmitAsync(Task<KeyLookup> asking) => Admit(await asking, _time.GetTimestamp());

    private KeyLookup Admit(KeyLookup lookup, long now)
    {
        if (lookup.Key is { } key)
        {
            _uses.Note(key.Use, now);
        }

        return lookup;
    }

    private async Task<KeyLookup> RecheckAsync(SecretHash hash, Question question)
    {
        var lookup = FromMemory(hash).Verdict == KeyVerdict.Known && !await IsAnsweredAsync(question)
            ? new(KeyVerdict.Unknowable)
            : await question.Answer;
        return Admit(lookup.Verdict == KeyVerdict.Unknowable ? FromMemory(hash) : lookup, _time.GetTimestamp());
    }

    private async Task<bool> IsAnsweredAsync(Question question)
    {
        var left = MemorySuffices - _time.GetElapsedTime(question.OpenedAt);
        try
        {
            await question.Answer.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, _time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    // 3. and 4.
    private KeyLookup FromMemory(SecretHash hash)
    {
        if (!_known.TryGet(hash, out var known) || known.IsDistrusted)
        {
            return new(KeyVerdict.Unknowable);
        }

        var now = _time.GetTimestamp();
        return now >= known.ExpiresAt ? new(KeyVerdict.Refused, Reason: RefusalReason.Expired)
            : now - VouchedAt(known) < _staleTicks ? new(KeyVerdict.Known, known)
            : new(KeyVerdict.Unknowable);
    }

    // Null: the answer is older than what is known by now.
    private KeyLookup? Judge(VerifyAnswer answer)
    {
        var (lookup, isOld) = answer.Verification.OutcomeCase switch
        {
            Verification.OutcomeOneofCase.Key => Accept(answer),
            Verification.OutcomeOneofCase.Refusal when answer.Verification.Refusal.Reason != RefusalReason.Unavailable => Refuse(answer),
            _ => (new(KeyVerdict.Unknowable), false),
        };
        if (isOld && !answer.IsLast)
        {
            return null;
        }

        _metrics.Judged(lookup.Verdict);
        return lookup;
    }

    private (KeyLookup Lookup, bool IsOld) Accept(VerifyAnswer answer)
    {
        var key = answer.Verification.Key;
        var known = new KnownKey(
            key, answer.Question.IsToken, answer.AskedAt, After(answer.AskedAt, key.ExpiresIn), After(answer.AskedAt, key.ChangesIn, SoonestChange));
        return (new(KeyVerdict.Known, known), !Remember(answer.Question.Hash, known, answer.Position));
    }

    // Refusals are stored and compared in the same order as 6c and 6d: one from before a key was made would hide it.
    private (KeyLookup Lookup, bool IsOld) Refuse(VerifyAnswer answer)
    {
        var (hash, reason) = (answer.Question.Hash, answer.Verification.Refusal.Reason);
        _known.Remove(hash);
        _refused.Set(hash, new(answer.AskedAt, reason));
        var isOld = Interlocked.Read(ref _position) > answer.Position;
        if (isOld)
        {
            _refused.Remove(hash);
        }

        return (new(KeyVerdict.Refused, Reason: reason), isOld);
    }

    private long After(long from, Duration? duration, TimeSpan atLeast = default)
    {
        if (duration is null)
        {
            return KnownKey.Never;
        }

        // Years from now are never, and would overflow with a fast clock.
        var span = TimeSpan.FromSeconds(Math.Min(duration.Seconds + (duration.Nanos / 1e9), TimeSpan.FromDays(3650).TotalSeconds));
        return from + Ticks(span > atLeast ? span : atLeast);
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * _time.TimestampFrequency);

    private readonly record struct Refused(long At, RefusalReason Reason);
}

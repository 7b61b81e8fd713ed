namespace LlmGateway.ServiceDefaults;

/// <summary>One answer for all who ask within a while: however many they are, the question is put once.</summary>
/// <param name="time">The clock.</param>
/// <param name="ask">The question. Must not throw: its failure would be shared too.</param>
/// <param name="kept">How long an answer is given again, from the moment of the question.</param>
public sealed class SharedAnswer<T>(TimeProvider time, Func<Task<T>> ask, Func<T, TimeSpan> kept)
{
    private readonly Lock _lock = new();
    private Task<T>? _last;
    private long _lastAt;

    public Task<T> AskAsync()
    {
        lock (_lock)
        {
            if (_last is null || IsOver(_last))
            {
                _lastAt = time.GetTimestamp();
                _last = ask();
            }

            return _last;
        }
    }

    /// <summary>Who asks from now on gets another answer, also while one is on its way.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            _last = null;
        }
    }

    private bool IsOver(Task<T> answer) =>
        answer.IsCompleted && (!answer.IsCompletedSuccessfully || time.GetElapsedTime(_lastAt) > kept(answer.Result));
}

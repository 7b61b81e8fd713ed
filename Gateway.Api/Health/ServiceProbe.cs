using Grpc.Core;

namespace LlmGateway.Gateway.Health;

/// <summary>Asks one service a question that costs nothing, on the way that calls take.</summary>
internal sealed class ServiceProbe(string name, TimeProvider time, Func<DateTime, Task> ask)
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(1);

    // Health endpoints are open to everyone: however often they are called, a service is asked once a second.
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(1);

    private readonly Lock _asking = new();
    private Task<StatusCode>? _last;
    private long _lastAt;

    public string Name => name;

    /// <summary>The service has answered often enough that the first call of a client will not be slow.</summary>
    public bool IsWarm { get; private set; }

    public Task<StatusCode> AskAsync()
    {
        lock (_asking)
        {
            if (_last is null || (_last.IsCompleted && time.GetElapsedTime(_lastAt) > Kept))
            {
                _lastAt = time.GetTimestamp();
                _last = AskNowAsync();
            }

            return _last;
        }
    }

    public async Task<bool> WarmAsync(int times)
    {
        for (var i = 0; i < times; i++)
        {
            if (await AskNowAsync() != StatusCode.OK)
            {
                return false;
            }
        }

        return IsWarm = true;
    }

    private async Task<StatusCode> AskNowAsync()
    {
        try
        {
            await ask(time.GetUtcNow().UtcDateTime + Deadline);
            return StatusCode.OK;
        }
        catch (RpcException exception)
        {
            return exception.StatusCode;
        }
    }
}

using Grpc.Core;
using LlmGateway.ServiceDefaults;

namespace LlmGateway.Gateway.Health;

/// <param name="Status">OK when the service answered, and its database answered it.</param>
/// <param name="Latency">How long that took.</param>
internal readonly record struct ProbeAnswer(StatusCode Status, TimeSpan Latency);

/// <summary>Asks one service a question that costs nothing, on the way that calls take.</summary>
internal sealed class ServiceProbe
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(1);

    // Health endpoints are open to everyone: however often they are called, a service is asked once a second.
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly Func<DateTime, Task> _ask;
    private readonly SharedAnswer<ProbeAnswer> _shared;

    public ServiceProbe(string name, TimeProvider time, Func<DateTime, Task> ask)
    {
        (Name, _time, _ask) = (name, time, ask);
        _shared = new(time, AskNowAsync, static _ => Kept);
    }

    public string Name { get; }

    /// <summary>The service has answered often enough that the first call of a client will not be slow.</summary>
    public bool IsWarm { get; private set; }

    public Task<ProbeAnswer> AskAsync() => _shared.AskAsync();

    public async Task<bool> WarmAsync(int times)
    {
        for (var i = 0; i < times; i++)
        {
            if ((await AskNowAsync()).Status != StatusCode.OK)
            {
                return false;
            }
        }

        return IsWarm = true;
    }

    private async Task<ProbeAnswer> AskNowAsync()
    {
        var asked = _time.GetTimestamp();
        var status = StatusCode.OK;
        try
        {
            await _ask(_time.GetUtcNow().UtcDateTime + Deadline);
        }
        catch (RpcException exception)
        {
            status = exception.StatusCode;
        }

        return new(status, _time.GetElapsedTime(asked));
    }
}

using LlmGateway.FakeProvider;
using Xunit;

namespace LlmGateway.SystemUnderTest;

/// <summary>One system for all tests of a collection. Its account "default" is shared: a test that counts money does so by difference.</summary>
public sealed class RunningSystem : IAsyncLifetime
{
    public const string Name = "A running system";

    private GatewaySystem? _system;

    public GatewaySystem System => _system ?? throw new InvalidOperationException("The system has not been started.");

    public Uri Gateway => System.Gateway;

    public HttpClient Http => System.Http;

    public FakeProviderServer Provider => System.Provider;

    public async Task InitializeAsync() => _system = await GatewaySystem.StartAsync(new SystemSettings
    {
        // Short enough that a provider that stalls is a test of a second, not of a minute.
        Environment =
        {
            ["Calls__FirstByteTimeout"] = "00:00:02",
            ["Calls__PlainFirstByteTimeout"] = "00:00:02",
            ["Calls__GapTimeout"] = "00:00:02",
        },
    });

    public async Task DisposeAsync()
    {
        if (_system is not null)
        {
            await _system.DisposeAsync();
        }
    }
}

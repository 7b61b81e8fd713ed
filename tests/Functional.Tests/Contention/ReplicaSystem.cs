using LlmGateway.SystemUnderTest;

namespace LlmGateway.Functional.Tests.Contention;

/// <summary>Three gateways, two routings and two billings on one database. Every account is opened with a dollar.</summary>
public sealed class ReplicaSystem : IAsyncLifetime
{
    private static readonly string[] Names = ["gateway", "gateway2", "gateway3"];

    private GatewaySystem? _system;

    public GatewaySystem System => _system ?? throw new InvalidOperationException("The system has not been started.");

    public async Task InitializeAsync() => _system = await GatewaySystem.StartAsync(new SystemSettings
    {
        WithReplicas = true,
        Environment =
        {
            ["Billing__DefaultBalance"] = "1.00",

            // A thousand calls at once on a busy machine: none is to be refused for want of time.
            ["Billing__HoldTimeout"] = "00:00:30",
        },
    });

    public async Task DisposeAsync()
    {
        if (_system is not null)
        {
            await _system.DisposeAsync();
        }
    }

    /// <summary>A client of each of so many gateways, with the key of a new account.</summary>
    public async Task<IReadOnlyList<HttpClient>> ClientsAsync(string account, int gateways)
    {
        var key = await Administrator.IssueKeyAsync(System, account);
        return [.. Names.Take(gateways).Select(gateway => System.Client(key, gateway))];
    }
}

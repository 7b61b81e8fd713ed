using LlmGateway.Protos.Billing.V1;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Protos.Routing.V1;

namespace LlmGateway.Gateway.Health;

/// <summary>One probe a service. Each question reaches the service's database and changes nothing.</summary>
internal sealed class ServiceProbes(
    KeysApi.KeysApiClient keys, BillingApi.BillingApiClient billing, RoutingApi.RoutingApiClient routing, TimeProvider time)
{
    // No key and no account has these names.
    private const string NoKey = "health-probe";
    private const string NoAccount = "health:probe";

    public ServiceProbe Keys { get; } = new(
        "keys", time, async deadline => await keys.VerifyAsync(new VerifyRequest { Secrets = { new PresentedSecret { Secret = NoKey } } }, deadline: deadline));

    public ServiceProbe Billing { get; } = new(
        "billing", time, async deadline => await billing.ListTransactionsAsync(new() { AccountId = NoAccount, Limit = 1 }, deadline: deadline));

    public ServiceProbe Routing { get; } = new(
        "routing", time, async deadline => await routing.ListModelsAsync(new ListModelsRequest(), deadline: deadline));

    public IEnumerable<ServiceProbe> All => [Keys, Billing, Routing];
}

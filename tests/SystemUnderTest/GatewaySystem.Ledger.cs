using System.Globalization;
using Grpc.Net.Client;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.SystemUnderTest;

/// <summary>Billing's own contract, for what no client of the gateway may do or see.</summary>
public sealed partial class GatewaySystem
{
    private readonly Lazy<GrpcChannel> _billing;

    public LedgerApi.LedgerApiClient Ledger => new(_billing.Value);

    /// <summary>What the ledger itself finds wrong with it: nothing, always.</summary>
    public async Task<IReadOnlyList<string>> VerifyLedgerAsync()
    {
        var reply = await Ledger.VerifyAsync(new());
        return reply.Checks.Count == 0
            ? ["nothing was verified"]
            : [.. reply.Checks.Where(check => check.Differences > 0).Select(check => string.Create(CultureInfo.InvariantCulture, $"{check.Differences} differences of {check.Name}"))];
    }
}

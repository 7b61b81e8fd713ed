using System.Globalization;
using Grpc.Core;
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
        var reply = await VerifyAsync();
        return reply.Checks.Count == 0
            ? ["nothing was verified"]
            : [.. reply.Checks.Where(check => check.Differences > 0).Select(check => string.Create(CultureInfo.InvariantCulture, $"{check.Differences} differences of {check.Name}"))];
    }

    // Repeated while unavailable, as the gateway does it: of a database that was killed Billing finds out connection by connection.
    private async Task<VerifyLedgerReply> VerifyAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await Ledger.VerifyAsync(new());
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable && attempt < 50)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100));
            }
        }
    }
}

using Grpc.Core;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Admin;

/// <summary>
/// Whether an account exists, asked before Billing is. Billing opens accounts as they come: money for a name that was mistyped would be gone,
/// and an alert for it would wait for ever.
/// </summary>
internal sealed class AccountCheck(KeysAdminApi.KeysAdminApiClient keys, AdminEndpoint endpoint)
{
    /// <summary>Null for one that exists; else the answer.</summary>
    public async Task<AdminAnswer?> UnknownAsync(HttpContext context, string id)
    {
        try
        {
            var account = await keys.GetAccountAsync(new() { Id = id }, cancellationToken: context.RequestAborted);
            return account.Rejection is { } rejection ? rejection : default(AdminAnswer?);
        }
        catch (RpcException exception) when (AdminEndpoint.IsSilence(context, exception))
        {
            return endpoint.Silence(context, exception, "Nothing was changed.");
        }
    }
}

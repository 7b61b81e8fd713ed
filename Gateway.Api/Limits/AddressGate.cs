using LlmGateway.Gateway.Calls;
using Microsoft.AspNetCore.Http.Metadata;

namespace LlmGateway.Gateway.Limits;

/// <summary>Refuses addresses that send too much, before anything else is looked at. Health and metrics are left alone: a probe that fails restarts us.</summary>
internal sealed class AddressGate(RequestDelegate next, AddressLimits addresses, LimitLog log)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<IDisableHttpMetricsMetadata>() is null && addresses.Admit(context.Connection.RemoteIpAddress) is { } refusal)
        {
            log.Refused(context, LimitNames.OfAddress, caller: null);
            return ClientSurface.Of(context).WriteErrorAsync(context, refusal);
        }

        return next(context);
    }
}

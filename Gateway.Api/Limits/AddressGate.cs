using LlmGateway.Gateway.Calls;
using Microsoft.AspNetCore.Http.Metadata;

namespace LlmGateway.Gateway.Limits;

/// <summary>Refuses addresses that send too much, before anything else is looked at. Health and metrics are left alone: a probe that fails restarts us.</summary>
internal sealed class AddressGate(RequestDelegate next, AddressLimits addresses)
{
    public Task InvokeAsync(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<IDisableHttpMetricsMetadata>() is null && addresses.Admit(context.Connection.RemoteIpAddress) is { } refusal
            ? ClientSurface.Of(context).WriteErrorAsync(context, refusal)
            : next(context);
}

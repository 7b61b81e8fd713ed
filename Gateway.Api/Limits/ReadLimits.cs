using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Calls;

namespace LlmGateway.Gateway.Limits;

/// <summary>
/// Limits every request with a key by the allowance for reads, but calls, which the pipeline limits, and what administrators do. A route
/// that says nothing about itself is limited.
/// </summary>
internal sealed class ReadLimits(RequestDelegate next, RequestLimiter limiter, LimitLog log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.User.Identity is CallerIdentity { Caller: var caller } && context.GetEndpoint()?.Metadata.GetMetadata<LimitedElsewhere>() is null)
        {
            var admission = await limiter.AdmitReadAsync(caller);
            admission.Head.Write(context);
            if (admission.Refusal is { } refusal)
            {
                log.Refused(context, LimitNames.Of(admission.Refusing!), caller);
                await ClientSurface.Of(context).WriteErrorAsync(context, refusal);
                return;
            }
        }

        await next(context);
    }
}

/// <summary>Of a route that the allowance for reads is not for.</summary>
internal sealed class LimitedElsewhere
{
    public static LimitedElsewhere Metadata { get; } = new();
}

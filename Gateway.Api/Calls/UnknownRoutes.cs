namespace LlmGateway.Gateway.Calls;

/// <summary>Answers what no route takes, before anyone is asked for a key.</summary>
internal sealed class UnknownRoutes(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        switch (context.GetEndpoint())
        {
            case RouteEndpoint:
                await next(context);
                break;

            case null:
                await ClientSurface.Of(context).WriteErrorAsync(context, ApiErrors.UnknownPath(context.Request.Method, context.Request.Path));
                break;

            // Routing puts an endpoint of its own where the path fits and the method does not. It sets 405 and Allow.
            case var refusal:
                await refusal.RequestDelegate!(context);
                await ClientSurface.Of(context).WriteErrorAsync(context, ApiErrors.MethodNotAllowed(context.Request.Method, context.Request.Path));
                break;
        }
    }
}

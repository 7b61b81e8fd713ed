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
                context.Response.Headers.Allow = Complete(context.Response.Headers.Allow.ToString());
                if (HttpMethods.IsOptions(context.Request.Method))
                {
                    context.Response.StatusCode = StatusCodes.Status204NoContent;
                    break;
                }

                await ClientSurface.Of(context).WriteErrorAsync(context, ApiErrors.MethodNotAllowed(context.Request.Method, context.Request.Path));
                break;
        }
    }

    // What is answered without a route of its own.
    private static string Complete(string allow)
    {
        var methods = allow.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToList();
        if (methods.Contains(HttpMethods.Get) && !methods.Contains(HttpMethods.Head))
        {
            methods.Add(HttpMethods.Head);
        }

        return string.Join(", ", methods.Order(StringComparer.Ordinal).Append(HttpMethods.Options));
    }
}

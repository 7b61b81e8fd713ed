using Grpc.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace Grpc.AspNetCore.Server;

// gRPC requests that no method matches are answered as gRPC; any other request to such a path falls through to 404.
internal static class UnimplementedEndpoints
{
    private static readonly RouteValueDictionary OnlyGrpc = new() { ["unimplementedMethod"] = new GrpcConstraint() };

    public static IEndpointConventionBuilder MapMethod(IEndpointRouteBuilder routes, string serviceName) =>
        Map(routes, $"{serviceName}/{{unimplementedMethod}}", serviceName);

    public static void MapService(IEndpointRouteBuilder routes)
    {
        // Two equal fallbacks would be ambiguous.
        if (routes.ServiceProvider.GetRequiredService<GrpcMarker>().TryTakeFallback())
        {
            Map(routes, "{unimplementedService}/{unimplementedMethod}", serviceName: null);
        }
    }

    private static IEndpointConventionBuilder Map(IEndpointRouteBuilder routes, string pattern, string? serviceName)
    {
        var endpoint = routes.Map(
            RoutePatternFactory.Parse(pattern, defaults: null, parameterPolicies: OnlyGrpc),
            httpContext => Refusal.Unimplemented(httpContext, serviceName));
        endpoint.Add(builder => builder.DisplayName = $"gRPC - {pattern}");
        return endpoint;
    }

    private sealed class GrpcConstraint : IRouteConstraint
    {
        public bool Match(
            HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values, RouteDirection routeDirection) =>
            httpContext is not null &&
            HttpMethods.IsPost(httpContext.Request.Method) &&
            ContentTypes.IsGrpc(httpContext.Request.ContentType);
    }
}

using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

public static class GrpcEndpointRouteBuilderExtensions
{
    public static GrpcServiceEndpointConventionBuilder MapGrpcService<TService>(this IEndpointRouteBuilder builder)
        where TService : class
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (builder.ServiceProvider.GetService<GrpcMarker>() is null)
        {
            throw new InvalidOperationException(
                "Unable to find the required services. Please add all the required services by calling 'IServiceCollection.AddGrpc' inside the call to 'ConfigureServices(...)' in the application startup code.");
        }

        var all = Options<GrpcServiceOptions>(builder);
        var options = MethodOptions.Create(all, Options<GrpcServiceOptions<TService>>(builder));
        var logger = builder.ServiceProvider.GetRequiredService<ILoggerFactory>().CreateLogger("Grpc.AspNetCore.Server.ServerCallHandler");

        var binder = new EndpointBinder<TService>(builder, options, logger);
        var endpoints = binder.Bind();
        if (!options.IgnoreUnknownMethods)
        {
            endpoints.AddRange(binder.ServiceNames.Select(name => UnimplementedEndpoints.MapMethod(builder, name)));
        }

        if (all.IgnoreUnknownServices != true)
        {
            UnimplementedEndpoints.MapService(builder);
        }

        return new GrpcServiceEndpointConventionBuilder(endpoints);
    }

    private static T Options<T>(IEndpointRouteBuilder builder)
        where T : class => builder.ServiceProvider.GetRequiredService<IOptions<T>>().Value;
}

using Grpc.AspNetCore.ClientFactory;

namespace Microsoft.Extensions.DependencyInjection;

public static class GrpcContextPropagationExtensions
{
    /// <summary>Calls made while serving a gRPC call get its deadline and cancellation.</summary>
    public static IHttpClientBuilder EnableCallContextPropagation(this IHttpClientBuilder builder) =>
        builder.EnableCallContextPropagation(_ => { });

    public static IHttpClientBuilder EnableCallContextPropagation(
        this IHttpClientBuilder builder, Action<GrpcContextPropagationOptions> configureOptions)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configureOptions);
        builder.Services.AddHttpContextAccessor();
        builder.Services.Configure(builder.Name, configureOptions);
        return builder.AddInterceptor(provider => ActivatorUtilities.CreateInstance<ContextPropagationInterceptor>(provider, builder.Name));
    }
}

using System.Diagnostics.CodeAnalysis;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.ClientFactory;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

internal static class GrpcClientRegistration
{
    internal static IHttpClientBuilder Add<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TClient>(
        IServiceCollection services, string name)
        where TClient : class
    {
        ReserveName(services, name, typeof(TClient));
        services.AddOptions();
        services.TryAddSingleton<GrpcChannels>();
        services.TryAddTransient<GrpcClientFactory, DefaultGrpcClientFactory>();
        services.TryAddSingleton(typeof(GrpcClientActivator<>));
        services.AddTransient(provider => provider.GetRequiredService<GrpcClientFactory>().CreateClient<TClient>(name));

        return services.AddHttpClient(name)
            .RemoveAllLoggers()
            .ConfigurePrimaryHttpMessageHandler(GrpcHandler.Create);
    }

    internal static void AddCredentials(CallOptionsContext context, CallCredentials credentials)
    {
        var own = context.CallOptions.Credentials;
        context.CallOptions = context.CallOptions.WithCredentials(own is null ? credentials : CallCredentials.Compose(own, credentials));
    }

    // Two client types under one name would share an address without saying so.
    private static void ReserveName(IServiceCollection services, string name, Type type)
    {
        var names = (ReservedNames?)services.FirstOrDefault(service => service.ServiceType == typeof(ReservedNames))?.ImplementationInstance;
        if (names is null)
        {
            services.AddSingleton(names = new ReservedNames());
        }

        if (!names.Types.TryAdd(name, type) && names.Types[name] != type)
        {
            throw new InvalidOperationException(
                $"The gRPC client factory already has a registered client with the name '{name}', bound to the type '{names.Types[name].FullName}'. Client names are computed based on the type name without considering the namespace ('{type.Name}'); use an overload of AddGrpcClient that takes a name.");
        }
    }

    private sealed class ReservedNames
    {
        public Dictionary<string, Type> Types { get; } = [];
    }
}

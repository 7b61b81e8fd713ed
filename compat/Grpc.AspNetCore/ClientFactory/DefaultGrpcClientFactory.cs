using System.Diagnostics.CodeAnalysis;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.ClientFactory;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

// Transient, so that the provider is that of the scope which asks for the client.
internal sealed class DefaultGrpcClientFactory(
    IServiceProvider provider,
    GrpcChannels channels,
    IOptionsMonitor<GrpcClientFactoryOptions> options) : GrpcClientFactory
{
    public override TClient CreateClient<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TClient>(string name)
    {
        var client = options.Get(name);
        var invoker = channels.GetInvoker(name, typeof(TClient));
        if (client.CallOptionsActions.Count > 0)
        {
            invoker = invoker.Intercept(new CallOptionsInterceptor(client.CallOptionsActions, provider));
        }

        var interceptors = client.InterceptorRegistrations
            .Where(registration => registration.Scope == InterceptorScope.Client)
            .Select(registration => registration.Creator(provider))
            .ToArray();
        invoker = interceptors.Length == 0 ? invoker : invoker.Intercept(interceptors);

        return client.Creator is null
            ? provider.GetRequiredService<GrpcClientActivator<TClient>>().Create(provider, invoker)
            : (TClient)client.Creator(invoker);
    }

    private sealed class CallOptionsInterceptor(IEnumerable<Action<CallOptionsContext>> actions, IServiceProvider provider) : OptionsInterceptor
    {
        protected override ClientInterceptorContext<TRequest, TResponse> Change<TRequest, TResponse>(
            ClientInterceptorContext<TRequest, TResponse> context)
        {
            var changing = new CallOptionsContext(context.Options, provider);
            foreach (var action in actions)
            {
                action(changing);
            }

            return new(context.Method, context.Host, changing.CallOptions);
        }
    }
}

// Singleton: the constructor is looked up once.
internal sealed class GrpcClientActivator<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TClient>
    where TClient : class
{
    private readonly ObjectFactory<TClient> _factory = ActivatorUtilities.CreateFactory<TClient>([typeof(CallInvoker)]);

    public TClient Create(IServiceProvider provider, CallInvoker invoker) => _factory(provider, [invoker]);
}

using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Grpc.AspNetCore.Server;

// The object that serves a call: the container's, when it has one of this type, else a new one, disposed after the call.
internal sealed class ServiceActivator<T>
    where T : class
{
    private readonly ObjectFactory? _factory;
    private readonly object[] _arguments;
    private readonly Type _type;

    public ServiceActivator(IServiceProvider root, Type type, object[] arguments)
    {
        _arguments = arguments;
        _type = type;
        if (arguments.Length > 0 || root.GetService<IServiceProviderIsService>()?.IsService(type) != true)
        {
            _factory = ActivatorUtilities.CreateFactory(type, [.. arguments.Select(argument => argument.GetType())]);
        }

        MustDispose = _factory is not null &&
            (typeof(IDisposable).IsAssignableFrom(type) || typeof(IAsyncDisposable).IsAssignableFrom(type));
    }

    public bool MustDispose { get; }

    public T Create(ServerCallContext context)
    {
        var provider = context.GetHttpContext().RequestServices;
        return (T)(_factory is null ? provider.GetRequiredService(_type) : _factory(provider, _arguments));
    }

    public Lease CreateDisposable(ServerCallContext context) => new(Create(context));

    public readonly struct Lease(T target) : IAsyncDisposable
    {
        public T Target => target;

        public ValueTask DisposeAsync()
        {
            if (target is IAsyncDisposable asynchronous)
            {
                return asynchronous.DisposeAsync();
            }

            ((IDisposable)(object)target).Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

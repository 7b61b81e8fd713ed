using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Grpc.Net.ClientFactory;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

// One channel, with its handler chain and its channel-scoped interceptors, for each client name and type.
internal sealed class GrpcChannels(
    IServiceProvider provider,
    IHttpMessageHandlerFactory handlers,
    IOptionsMonitor<GrpcClientFactoryOptions> options,
    ILoggerFactory? loggerFactory = null) : IDisposable
{
    private readonly ConcurrentDictionary<(string Name, Type Type), Lazy<(GrpcChannel Channel, CallInvoker Invoker)>> _channels = [];

    public CallInvoker GetInvoker(string name, Type type) =>
        _channels.GetOrAdd((name, type), key => new(() => Create(key.Name, key.Type))).Value.Invoker;

    public void Dispose()
    {
        foreach (var channel in _channels.Values.Where(channel => channel.IsValueCreated))
        {
            channel.Value.Channel.Dispose();
        }
    }

    private (GrpcChannel Channel, CallInvoker Invoker) Create(string name, Type type)
    {
        var client = options.Get(name);
        var address = client.Address ?? throw new InvalidOperationException(
            $"Could not resolve the address for gRPC client '{name}' of type {type.FullName}. Set an address when the gRPC client is registered.");

        var handler = handlers.CreateHandler(name);
        var channelOptions = new GrpcChannelOptions { HttpHandler = handler, LoggerFactory = loggerFactory, ServiceProvider = provider };
        foreach (var change in client.ChannelOptionsActions)
        {
            change(channelOptions);
        }

        // An action that brings its own HttpClient wins over the factory's handler.
        if (channelOptions.HttpClient is not null && channelOptions.HttpHandler == handler)
        {
            channelOptions.HttpHandler = null;
        }

        var channel = GrpcChannel.ForAddress(address, channelOptions);
        var interceptors = client.InterceptorRegistrations
            .Where(registration => registration.Scope == InterceptorScope.Channel)
            .Select(registration => registration.Creator(provider));
        return (channel, channel.CreateCallInvoker().Intercept([.. interceptors]));
    }
}

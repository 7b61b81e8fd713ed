using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;

namespace Grpc.Net.ClientFactory;

public class GrpcClientFactoryOptions
{
    /// <summary>Required. <c>http://host:port</c> is cleartext HTTP/2 by prior knowledge.</summary>
    public Uri? Address { get; set; }

    public IList<Action<GrpcChannelOptions>> ChannelOptionsActions { get; } = [];

    public IList<Action<CallOptionsContext>> CallOptionsActions { get; } = [];

    /// <summary>The first is the outermost.</summary>
    public IList<InterceptorRegistration> InterceptorRegistrations { get; } = [];

    /// <summary>Unless set: the client's constructor that takes a CallInvoker.</summary>
    public Func<CallInvoker, object>? Creator { get; set; }
}

/// <summary>What a call options action may change, before each call.</summary>
public sealed class CallOptionsContext
{
    internal CallOptionsContext(CallOptions callOptions, IServiceProvider serviceProvider)
    {
        CallOptions = callOptions;
        ServiceProvider = serviceProvider;
    }

    public CallOptions CallOptions { get; set; }

    /// <summary>The provider that the client came from.</summary>
    public IServiceProvider ServiceProvider { get; }
}

public enum InterceptorScope
{
    /// <summary>One interceptor for all clients of the name.</summary>
    Channel = 0,

    /// <summary>One for each client, from the provider that the client came from.</summary>
    Client = 1,
}

public class InterceptorRegistration(InterceptorScope scope, Func<IServiceProvider, Interceptor> creator)
{
    public InterceptorScope Scope { get; } = scope;

    internal Func<IServiceProvider, Interceptor> Creator { get; } = creator;
}

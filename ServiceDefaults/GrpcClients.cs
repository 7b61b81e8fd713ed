using System.Collections.Frozen;
using System.Reflection;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.ClientFactory;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace LlmGateway.ServiceDefaults;

/// <summary>How a client calls one of our services. The delegate of <see cref="GrpcClients.AddGrpcServiceClient"/> sets it.</summary>
public sealed class GrpcServiceClientOptions
{
    /// <summary>From <c>services:{name}:grpc:0</c>, which Aspire's WithReference sets, <c>:1</c> and so on; each may be a comma list. Calls are spread over them.</summary>
    public IReadOnlyList<Uri> Addresses { get; set; } = [];

    /// <summary>Of a unary call that brings none.</summary>
    public TimeSpan Deadline { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>By the method's name ("Settle"), where it is another than <see cref="Deadline"/>.</summary>
    public Dictionary<string, TimeSpan> MethodDeadlines { get; } = [];

    /// <summary>Of one message, both ways, in bytes. 4 MiB is gRPC's own default for what is received.</summary>
    public int MaxMessageBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>Of one idempotent call, the first included.</summary>
    public int Attempts { get; set; } = 3;

    /// <summary>The longest pause before the second attempt; doubled before each further one.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(50);
}

/// <summary>Clients of our own services: address from service discovery, a deadline on every unary call, retries where they are safe.</summary>
public static class GrpcClients
{
    /// <param name="builder">The host.</param>
    /// <param name="service">The service's name in the AppHost.</param>
    /// <param name="configure">Deadlines, message size, attempts.</param>
    /// <remarks>A service without an address stops the start.</remarks>
    public static IHttpClientBuilder AddGrpcServiceClient<TClient>(
        this IHostApplicationBuilder builder, string service, Action<GrpcServiceClientOptions>? configure = null)
        where TClient : ClientBase<TClient>
    {
        builder.Services.AddOptions<GrpcServiceClientOptions>(service)
            .Configure<IConfiguration>((options, configuration) => options.Addresses = AddressesOf(configuration, service))
            .Configure(options => configure?.Invoke(options))
            .Validate(
                options => options.Addresses.Count > 0,
                $"services:{service}:grpc:0: the address of '{service}' is missing; WithReference in the AppHost sets it, as does the "
                + $"environment variable services__{service}__grpc__0.")
            .ValidateOnStart();

        return builder.Services
            .AddGrpcClient<TClient>((services, client) => client.Address = OptionsOf(services, service).Addresses[0])
            .ConfigureChannel((services, channel) =>
            {
                channel.MaxReceiveMessageSize = OptionsOf(services, service).MaxMessageBytes;
                channel.MaxSendMessageSize = OptionsOf(services, service).MaxMessageBytes;
            })
            .AddInterceptor(services => new DeadlineInterceptor(OptionsOf(services, service), services.GetRequiredService<TimeProvider>()))
            .AddInterceptor(services => new RetryInterceptor(IdempotentMethods(typeof(TClient)), OptionsOf(services, service)))
            .ConfigurePrimaryHttpMessageHandler(services => Spread(OptionsOf(services, service).Addresses, services, new SocketsHttpHandler
            {
                // Kestrel allows 100 calls a connection; a stream holds its place for as long as an answer takes.
                EnableMultipleHttp2Connections = true,
                UseProxy = false,
                ConnectTimeout = TimeSpan.FromSeconds(1),
                KeepAlivePingDelay = TimeSpan.FromSeconds(30),
                KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
                PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            }))
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .RemoveAllLoggers();
    }

    /// <summary>Full names of the methods that the proto file says may be repeated.</summary>
    internal static FrozenSet<string> IdempotentMethods(Type client)
    {
        // BillingApi.BillingApiClient is nested in the class that has the descriptor.
        var property = client.DeclaringType?.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static);
        var descriptor = property?.GetValue(null) as Google.Protobuf.Reflection.ServiceDescriptor
            ?? throw new ArgumentException($"{client} was not generated from a proto service.", nameof(client));
        return descriptor.Methods
            .Where(method => method.GetOptions()?.IdempotencyLevel
                is MethodOptions.Types.IdempotencyLevel.Idempotent or MethodOptions.Types.IdempotencyLevel.NoSideEffects)
            .Select(method => $"/{descriptor.FullName}/{method.Name}")
            .ToFrozenSet();
    }

    private static GrpcServiceClientOptions OptionsOf(IServiceProvider services, string service) =>
        services.GetRequiredService<IOptionsMonitor<GrpcServiceClientOptions>>().Get(service);

    private static HttpMessageHandler Spread(IReadOnlyList<Uri> addresses, IServiceProvider services, SocketsHttpHandler handler) =>
        addresses.Count < 2 ? handler : new ReplicaHandler(addresses, services.GetRequiredService<TimeProvider>()) { InnerHandler = handler };

    // One that is no address makes none of them good.
    private static IReadOnlyList<Uri> AddressesOf(IConfiguration configuration, string service)
    {
        var values = configuration.GetSection($"services:{service}:grpc").GetChildren().OrderBy(child => child.Key, StringComparer.Ordinal)
            .SelectMany(child => StringList.Parse(child.Value ?? "") ?? [""]);
        var addresses = values.Select(value => Uri.TryCreate(value, UriKind.Absolute, out var address) ? address : null).ToList();
        return addresses.Contains(null) ? [] : [.. addresses.OfType<Uri>().Distinct()];
    }
}

using LlmGateway.AppHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// Every process, store and edge of the system. DATABASE_URL and REDIS_URL (or REDIS_HOST) replace the two servers
// below: the services read them by themselves.
var builder = DistributedApplication.CreateBuilder(args);
if (AppHostSettings.Read(builder.AppHostDirectory) is not { } settings)
{
    return 1;
}

var postgres = settings.OwnPostgres ? builder.AddPostgres("postgres").WithDataVolume() : null;
var keysDb = postgres?.AddDatabase("keysdb");
var billingDb = postgres?.AddDatabase("billingdb");
var routingDb = postgres?.AddDatabase("routingdb");
var redis = settings.OwnRedis ? builder.AddRedis("redis").WithDataVolume().WithPersistence() : null;

var keys = builder.AddProject<Projects.Keys_Service>("keys")
    .WithStore(keysDb)
    .WithKey("ALLOWED_API_KEYS", settings.Keys)
    .WithKey("ADMIN_API_KEY", settings.Administrator)
    .WithKey("Keys__WrappingKey", settings.Wrapping)
    .WithHttpHealthCheck("/ready", endpointName: "http");

var billing = builder.AddProject<Projects.Billing_Service>("billing")
    .WithStore(billingDb)
    .WithHttpHealthCheck("/ready", endpointName: "http");

// Routing announces its prices to Billing, and no call can be planned before they are known.
var routing = builder.AddProject<Projects.Routing_Service>("routing")
    .WithStore(routingDb)
    .WithReference(billing).WaitFor(billing)
    .WithHttpHealthCheck("/ready", endpointName: "http");

// The only one with an address for clients.
var gateway = builder.AddProject<Projects.Gateway_Api>("gateway")
    .WithStore(redis)
    .WithReference(keys).WaitFor(keys)
    .WithReference(billing).WaitFor(billing)
    .WithReference(routing).WaitFor(routing)
    .WithEndpoint("http", endpoint =>
    {
        endpoint.Port = settings.Port;
        endpoint.TargetHost = settings.Host ?? endpoint.TargetHost;
    })
    .WithExternalHttpEndpoints()
    .WithHttpHealthCheck("/ready", endpointName: "http");

foreach (var service in new[] { keys, billing, routing, gateway })
{
    service.WithEnvironment("ENVIRONMENT", settings.Environment);
}

builder.Services.AddHostedService(services =>
    new FirstCall(settings, gateway.GetEndpoint("http"), services.GetRequiredService<ResourceNotificationService>()));
builder.Build().Run();
return Environment.ExitCode;

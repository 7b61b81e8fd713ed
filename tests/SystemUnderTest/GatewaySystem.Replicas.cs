using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using LlmGateway.Testing;

namespace LlmGateway.SystemUnderTest;

/// <summary>Processes that the AppHost has once and a larger installation several times.</summary>
public sealed partial class GatewaySystem
{
    private static TcpRelay AddSecondGateway(IDistributedApplicationBuilder builder, Func<Uri> keys)
    {
        var link = new TcpRelay(() => keys().Port);
        var gateway = builder.CreateResourceBuilder<ProjectResource>("gateway");
        builder.AddProject<Projects.Gateway_Api>(Second)
            .WithReference(builder.CreateResourceBuilder<RedisResource>("redis"))
            .WithReference(builder.CreateResourceBuilder<ProjectResource>("billing"))
            .WithReference(builder.CreateResourceBuilder<ProjectResource>("routing"))
            .WithEnvironment("services__keys__grpc__0", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{link.Port}"))
            .WithEndpoint("http", endpoint => endpoint.Port = null)
            .WithHttpHealthCheck("/ready", endpointName: "http")
            .WaitFor(gateway);
        return link;
    }

    // The third gateway shares the first routing, so that two gateways meet in one process too.
    private static void AddReplicas(IDistributedApplicationBuilder builder)
    {
        var billing = builder.AddProject<Projects.Billing_Service>("billing2")
            .WithReference(builder.CreateResourceBuilder<PostgresDatabaseResource>("billingdb"))
            .WithHttpHealthCheck("/ready", endpointName: "http")
            .WaitFor(Project(builder, "billing"));
        var routing = builder.AddProject<Projects.Routing_Service>("routing2")
            .WithReference(builder.CreateResourceBuilder<PostgresDatabaseResource>("routingdb"))
            .WithEnvironment("services__billing__grpc__0", billing.GetEndpoint("grpc"))
            .WithHttpHealthCheck("/ready", endpointName: "http")
            .WaitFor(billing);
        AddGateway(builder, Second, routing, billing);
        AddGateway(builder, Third, Project(builder, "routing"), billing);
    }

    private static void Spread(IDistributedApplicationBuilder builder)
    {
        foreach (var gateway in (string[])["gateway", Second, Third])
        {
            Project(builder, gateway)
                .WithEnvironment("services__routing__grpc__0", Project(builder, "routing").GetEndpoint("grpc"))
                .WithEnvironment("services__routing__grpc__1", Project(builder, "routing2").GetEndpoint("grpc"));
        }
    }

    private static void AddGateway(
        IDistributedApplicationBuilder builder, string name, IResourceBuilder<ProjectResource> routing, IResourceBuilder<ProjectResource> billing) =>
        builder.AddProject<Projects.Gateway_Api>(name)
            .WithReference(builder.CreateResourceBuilder<RedisResource>("redis"))
            .WithReference(Project(builder, "keys"))
            .WithEnvironment("services__routing__grpc__0", routing.GetEndpoint("grpc"))
            .WithEnvironment("services__billing__grpc__0", billing.GetEndpoint("grpc"))
            .WithEndpoint("http", endpoint => endpoint.Port = null)
            .WithHttpHealthCheck("/ready", endpointName: "http")
            .WaitFor(routing);

    private static IResourceBuilder<ProjectResource> Project(IDistributedApplicationBuilder builder, string name) =>
        builder.CreateResourceBuilder<ProjectResource>(name);
}

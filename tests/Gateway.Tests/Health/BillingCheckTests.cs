using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using LlmGateway.Gateway.Health;
using LlmGateway.Protos.Billing.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Tests.Health;

/// <summary>What /health says of a Billing.Service that answers, and of one that does not.</summary>
public sealed class BillingCheckTests : IAsyncLifetime
{
    private readonly WebApplication _app = Build();

    public Task InitializeAsync() => _app.StartAsync();

    public async Task DisposeAsync() => await _app.DisposeAsync();

    [Theory]
    [InlineData(true, true, HealthStatus.Healthy, null)]
    [InlineData(true, false, HealthStatus.Unhealthy, "Does not answer (Unavailable).")]
    [InlineData(false, true, HealthStatus.Healthy, "No call is charged; usage is counted.")]
    [InlineData(false, false, HealthStatus.Degraded, "No call is charged, and usage is counted later: Does not answer (Unavailable).")]
    public async Task Billing_that_is_off_and_away_only_degrades_the_gateway(bool enabled, bool there, HealthStatus status, string? description)
    {
        using var channel = GrpcChannel.ForAddress(there ? _app.Urls.Single() : "http://127.0.0.1:1");
        var probes = new ServiceProbes(new(channel), new BillingApi.BillingApiClient(channel), new(channel), TimeProvider.System);
        while (there && !await probes.Billing.WarmAsync(times: 1))
        {
            // The first answer of a busy machine may take longer than a probe waits.
        }

        var check = new BillingCheck(probes, Options.Create(new BillingOptions { Enabled = enabled }));

        var result = await check.CheckHealthAsync(new() { Registration = new("billing", check, HealthStatus.Unhealthy, null) });

        (result.Status, result.Description).ShouldBe((status, description));
        result.Data.ContainsKey("state").ShouldBe(!enabled && there);
    }

    private static WebApplication Build()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        var app = builder.Build();
        app.MapGrpcService<AnsweringBilling>();
        return app;
    }

    private sealed class AnsweringBilling : BillingApi.BillingApiBase
    {
        public override Task<ListTransactionsReply> ListTransactions(ListTransactionsRequest request, ServerCallContext context) =>
            Task.FromResult(new ListTransactionsReply());
    }
}

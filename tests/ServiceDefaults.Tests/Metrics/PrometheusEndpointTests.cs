using System.Collections.Concurrent;
using System.Net;
using LlmGateway.ServiceDefaults.Metrics;
using LlmGateway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace LlmGateway.ServiceDefaults.Tests.Metrics;

public sealed class PrometheusEndpointTests
{
    private static readonly Uri Metrics = new("/metrics", UriKind.Relative);

    [Fact]
    public async Task Whoever_asks_gets_the_text_that_promtool_accepts()
    {
        await using var host = await TestHost.StartAsync(_ => { }, app => app.MapGet("/work", () => "done"));
        await host.Client.GetStringAsync(new Uri("/work", UriKind.Relative));

        using var answer = await host.Client.GetAsync(Metrics);
        var page = await answer.Content.ReadAsStringAsync();

        answer.Content.Headers.ContentType!.ToString().ShouldBe("text/plain; version=0.0.4; charset=utf-8");
        (await Scrape.LintAsync(page)).ShouldBe("");
        Scrape.Value(page, "http_server_request_duration_seconds_count{http_request_method=\"GET\",http_response_status_code=\"200\",http_route=\"/work\"}")
            .ShouldNotBeNull();
        Scrape.Value(page, "dotnet_thread_pool_threads").ShouldNotBeNull();
        page.ShouldNotContain("http_route=\"/metrics\"");
    }

    [Fact]
    public async Task Turned_off_there_is_none()
    {
        await using var host = await TestHost.StartAsync(_ => { }, settings: ("Prometheus:Enabled", "false"));

        (await host.Client.GetAsync(Metrics)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("10.0.0.0/8, 127.0.0.1", HttpStatusCode.OK)]
    [InlineData("10.0.0.0/8, ::1", HttpStatusCode.Forbidden)]
    public async Task Where_addresses_are_listed_others_are_refused(string networks, HttpStatusCode expected)
    {
        await using var host = await TestHost.StartAsync(_ => { }, settings: ("Prometheus:AllowedNetworks", networks));

        (await host.Client.GetAsync(Metrics)).StatusCode.ShouldBe(expected);
        (await host.Client.GetAsync(new Uri("/alive", UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task With_an_address_of_its_own_it_is_there_and_nothing_else_is(bool endpoints)
    {
        var (service, own) = ($"http://127.0.0.1:{FreePort.Next()}", $"http://127.0.0.1:{FreePort.Next()}");
        var builder = TestHost.Builder("Production", ("Prometheus:Url", own), (endpoints ? "Kestrel:Endpoints:http:Url" : "urls", service));
        await using var app = builder.Build();
        app.MapDefaultEndpoints();
        await app.StartAsync();
        using var client = new HttpClient();

        async Task<HttpStatusCode> StatusAsync(string address) => (await client.GetAsync(new Uri(address))).StatusCode;

        (await StatusAsync($"{own}/metrics")).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync($"{own}/alive")).ShouldBe(HttpStatusCode.NotFound);
        (await StatusAsync($"{service}/alive")).ShouldBe(HttpStatusCode.OK);
        foreach (var path in (string[])["/metrics", "/metrics/", "/METRICS/", "/Metrics"])
        {
            (await StatusAsync(service + path)).ShouldBe(HttpStatusCode.NotFound);
            (await StatusAsync(own + path)).ShouldBe(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task Settings_that_cannot_be_stop_the_start_all_named()
    {
        var builder = TestHost.Builder("Production", ("Prometheus:Url", "localhost:9464"), ("Prometheus:AllowedNetworks", "10.0.0.0/8,office"));
        await using var app = builder.Build();

        var refusal = await Should.ThrowAsync<OptionsValidationException>(() => app.StartAsync());

        refusal.Failures.ShouldBe([
            "Prometheus:Url: 'localhost:9464' is not an address such as http://localhost:9464.",
            "Prometheus:AllowedNetworks: 'office' is neither an address nor a network such as 10.0.0.0/8."]);
    }

    [Fact]
    public async Task Many_readers_at_once_cost_one_collection_and_later_ones_the_next()
    {
        var time = new FakeTime(DateTimeOffset.UnixEpoch);
        await using var host = await TestHost.StartAsync(builder => builder.Services.AddSingleton<TimeProvider>(time));
        var page = host.Services.GetRequiredService<PrometheusPage>();

        var first = new ConcurrentBag<byte[]>();
        await Parallel.ForAsync(0, 100, async (_, cancellationToken) => first.Add(await page.ReadAsync(cancellationToken)));
        time.Advance(TimeSpan.FromMilliseconds(501));
        var later = await page.ReadAsync(CancellationToken.None);

        first.Distinct().ShouldHaveSingleItem().ShouldNotBeSameAs(later);
    }
}

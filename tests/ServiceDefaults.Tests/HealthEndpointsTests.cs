using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LlmGateway.ServiceDefaults.Tests;

public sealed class HealthEndpointsTests
{
    [Theory]
    [InlineData(HealthStatus.Healthy, "healthy", HttpStatusCode.OK)]
    [InlineData(HealthStatus.Degraded, "degraded", HttpStatusCode.OK)]
    [InlineData(HealthStatus.Unhealthy, "unhealthy", HttpStatusCode.ServiceUnavailable)]
    public async Task Health_reports_the_worst_check_in_every_environment(HealthStatus status, string word, HttpStatusCode code)
    {
        foreach (var environment in (string[])["Development", "Production"])
        {
            await using var host = await StartAsync(environment, ("store", status, []));

            using var response = await host.Client.GetAsync(new Uri("/health", UriKind.Relative));
            var body = await response.Content.ReadFromJsonAsync<JsonElement>();

            response.StatusCode.ShouldBe(code);
            body.GetProperty("status").GetString().ShouldBe(word);
            body.GetProperty("environment").GetString().ShouldBe(environment.ToLowerInvariant());
            body.GetProperty("version").GetString().ShouldBe("9.9");
            body.GetProperty("timestamp").GetDateTimeOffset().ShouldBe(DateTimeOffset.UnixEpoch);
            body.GetProperty("checks").GetProperty("store").GetProperty("status").GetString().ShouldBe(word);
            body.GetProperty("checks").GetProperty("self").GetProperty("status").GetString().ShouldBe("healthy");
        }
    }

    [Fact]
    public async Task Alive_and_ready_ask_only_the_checks_with_their_tag()
    {
        await using var host = await StartAsync(
            "Production", ("needed", HealthStatus.Unhealthy, [HealthEndpoints.Ready]), ("other", HealthStatus.Unhealthy, []));

        (await StatusOfAsync(host, "/alive")).ShouldBe(HttpStatusCode.OK);
        (await StatusOfAsync(host, "/ready")).ShouldBe(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task A_degraded_dependency_is_still_ready()
    {
        await using var host = await StartAsync("Production", ("redis", HealthStatus.Degraded, [HealthEndpoints.Ready]));

        (await StatusOfAsync(host, "/ready")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_failed_check_shows_its_sentence_and_never_its_exception()
    {
        await using var host = await TestHost.StartAsync(builder => builder.Services.AddHealthChecks().AddCheck(
            "store", () => HealthCheckResult.Unhealthy("The store does not answer.", new InvalidOperationException("password=geheim"))));

        var body = await (await host.Client.GetAsync(new Uri("/health", UriKind.Relative))).Content.ReadAsStringAsync();

        body.ShouldContain("The store does not answer.");
        body.ShouldNotContain("geheim");
    }

    [Fact]
    public async Task What_the_operator_turned_off_is_called_disabled_and_degrades_nothing()
    {
        await using var host = await TestHost.StartAsync(builder => builder.Services.AddHealthChecks().AddCheck(
            "extra", () => HealthEndpoints.Disabled("It is off.")));

        var body = await host.Client.GetFromJsonAsync<JsonElement>(new Uri("/health", UriKind.Relative));

        body.GetProperty("status").GetString().ShouldBe("healthy");
        var check = body.GetProperty("checks").GetProperty("extra");
        (check.GetProperty("status").GetString(), check.GetProperty("description").GetString()).ShouldBe(("disabled", "It is off."));
    }

    [Fact]
    public async Task However_many_ask_a_check_runs_once_a_second_and_more_often_only_while_something_is_wrong()
    {
        var (runs, status, time) = (0, HealthStatus.Healthy, new Testing.FakeTime());
        await using var host = await TestHost.StartAsync(builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(time);
            builder.Services.AddHealthChecks().AddCheck("store", () => Run(), [HealthEndpoints.Ready]);
        });

        await Task.WhenAll(Enumerable.Range(0, 20).Select(number => StatusOfAsync(host, number % 2 == 0 ? "/health" : "/ready")));
        runs.ShouldBe(1);

        status = HealthStatus.Unhealthy;
        time.Advance(TimeSpan.FromSeconds(1));
        (await StatusOfAsync(host, "/ready")).ShouldBe(HttpStatusCode.OK, "it is what was seen a second ago");
        time.Advance(TimeSpan.FromMilliseconds(1));
        (await StatusOfAsync(host, "/ready"), runs).ShouldBe((HttpStatusCode.ServiceUnavailable, 2));

        status = HealthStatus.Healthy;
        time.Advance(TimeSpan.FromMilliseconds(251));
        (await StatusOfAsync(host, "/ready"), runs).ShouldBe((HttpStatusCode.OK, 3));

        HealthCheckResult Run()
        {
            Interlocked.Increment(ref runs);
            return new(status);
        }
    }

    [Fact]
    public async Task After_the_signal_nobody_is_told_what_was_seen_before_it()
    {
        await using var host = await StartAsync("Production");
        var reports = host.Services.GetRequiredService<HealthReports>();
        (await reports.ReadAsync(default)).Report.Status.ShouldBe(HealthStatus.Healthy);

        host.Services.GetRequiredService<Microsoft.Extensions.Hosting.IHostApplicationLifetime>().StopApplication();

        (await reports.ReadAsync(default)).Report.Status.ShouldBe(HealthStatus.Unhealthy);
    }

    [Fact]
    public async Task A_part_has_been_as_it_is_since_it_changed()
    {
        var (status, time) = (HealthStatus.Healthy, new Testing.FakeTime(DateTimeOffset.UnixEpoch));
        await using var host = await TestHost.StartAsync(builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(time);
            builder.Services.AddHealthChecks().AddCheck("store", () => new HealthCheckResult(status));
        });
        var reports = host.Services.GetRequiredService<HealthReports>();

        (await SinceAsync("store")).ShouldBe(0);
        status = HealthStatus.Degraded;
        (await SinceAsync("store")).ShouldBe(10);
        (await SinceAsync("store")).ShouldBe(10);
        (await SinceAsync("self")).ShouldBe(0);

        async Task<double> SinceAsync(string check)
        {
            var state = await reports.ReadAsync(default);
            time.Advance(TimeSpan.FromSeconds(10));
            return (state.Since[check] - DateTimeOffset.UnixEpoch).TotalSeconds;
        }
    }

    [Fact]
    public async Task No_answer_names_its_server()
    {
        await using var host = await StartAsync("Production");

        using var response = await host.Client.GetAsync(new Uri("/alive", UriKind.Relative));

        response.Headers.Server.ShouldBeEmpty();
    }

    private static async Task<HttpStatusCode> StatusOfAsync(TestHost host, string path)
    {
        using var response = await host.Client.GetAsync(new Uri(path, UriKind.Relative));
        return response.StatusCode;
    }

    private static Task<TestHost> StartAsync(string environment, params (string Name, HealthStatus Status, string[] Tags)[] checks) =>
        TestHost.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton<TimeProvider>(new Testing.FakeTime(DateTimeOffset.UnixEpoch));
                foreach (var (name, status, tags) in checks)
                {
                    builder.Services.AddHealthChecks().AddCheck(name, () => new HealthCheckResult(status), tags);
                }
            },
            environment: environment,
            settings: ("App:Version", "9.9"));
}

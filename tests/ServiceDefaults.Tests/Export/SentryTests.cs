using System.Text;
using System.Text.Json;
using LlmGateway.ServiceDefaults.Export.Sentry;
using LlmGateway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LlmGateway.ServiceDefaults.Tests.Export;

public sealed class SentryTests
{
    [Fact]
    public async Task An_unhandled_exception_arrives_with_what_was_logged_before_it_and_without_what_the_client_sent()
    {
        await using var sentry = await TelemetryReceiver.StartAsync();
        await using (var host = await StartAsync(sentry, rate: "0"))
        {
            (await host.Client.GetAsync(new Uri("/fail?api_key=sk-in-the-query", UriKind.Relative))).IsSuccessStatusCode.ShouldBeFalse();
        }

        var received = await sentry.NextAsync();
        received.Path.ShouldBe("/below/api/42/envelope/");
        received.Headers["X-Sentry-Auth"].ShouldContain("sentry_key=abc123");
        received.Headers["X-Sentry-Auth"].ShouldContain("sentry_version=7");
        var text = Encoding.UTF8.GetString(received.Body);
        text.ShouldNotContain("sk-in-the");
        var (type, item) = Read(received);
        type.ShouldBe("event");
        item.GetProperty("release").GetString().ShouldBe("9.8.7");
        item.GetProperty("environment").GetString().ShouldBe("staging");
        item.GetProperty("level").GetString().ShouldBe("error");
        item.GetProperty("tags").GetProperty("service").GetString().ShouldBe("probe");
        item.GetProperty("contexts").GetProperty("trace").GetProperty("trace_id").GetString()!.Length.ShouldBe(32);
        item.GetProperty("breadcrumbs").GetProperty("values").EnumerateArray().Select(crumb => crumb.GetProperty("message").GetString())
            .ShouldBe(["About to fail 7."]);
        var exceptions = item.GetProperty("exception").GetProperty("values").EnumerateArray().ToList();
        exceptions.Select(each => each.GetProperty("type").GetString()).ShouldBe(["System.FormatException", "System.InvalidOperationException"]);
        exceptions[1].GetProperty("stacktrace").GetProperty("frames").EnumerateArray()
            .ShouldContain(frame => frame.GetProperty("in_app").GetBoolean());
    }

    [Fact]
    public async Task A_sampled_request_is_a_transaction()
    {
        await using var sentry = await TelemetryReceiver.StartAsync();
        await using (var host = await StartAsync(sentry, rate: "1"))
        {
            await host.Client.GetStringAsync(new Uri("/work?secret", UriKind.Relative));
        }

        // Spans are those of the whole process, in which other tests' hosts run too.
        var all = (IReadOnlyList<Received>)[await sentry.NextAsync(), .. sentry.Rest()];
        var (_, item) = all.Select(Read).First(each => each.Item.GetProperty("transaction").GetString() == "GET /work");
        item.GetProperty("release").GetString().ShouldBe("9.8.7");
        item.GetProperty("contexts").GetProperty("trace").GetProperty("op").GetString().ShouldBe("http.server");
        item.GetProperty("timestamp").GetDouble().ShouldBeGreaterThan(item.GetProperty("start_timestamp").GetDouble());
        item.GetRawText().ShouldNotContain("secret");
    }

    [Fact]
    public async Task While_Sentry_wants_no_errors_none_are_sent_and_all_are_counted()
    {
        await using var sentry = await TelemetryReceiver.StartAsync();
        sentry.Answer = response =>
        {
            response.StatusCode = 429;
            response.Headers["X-Sentry-Rate-Limits"] = "2700:default;error;security:organization, 60:transaction:key";
        };
        using var counts = new ExportCounts("sentry", "errors");
        await using (var host = await StartAsync(sentry, rate: "0"))
        {
            var logger = host.Services.GetRequiredService<ILogger<SentryTests>>();
            for (var i = 0; i < 5; i++)
            {
                logger.LogError("Failure {Number}.", i);
            }
        }

        await sentry.NextAsync();
        sentry.Rest().ShouldBeEmpty();
        counts.Exported.ShouldBe(0);
        counts.NotDelivered.ShouldBe(5);
    }

    [Theory]
    [InlineData("https://sentry.example/1")]
    [InlineData("https://key@sentry.example")]
    [InlineData("https://key@sentry.example/project")]
    [InlineData("key")]
    public async Task A_wrong_dsn_stops_the_start(string dsn)
    {
        var refusal = await Should.ThrowAsync<OptionsValidationException>(() => TestHost.StartAsync(_ => { }, settings: [
            ("Sentry:Dsn", dsn), ("Sentry:TracesSampleRate", "2")]));

        refusal.Message.ShouldContain("SENTRY_DSN");
        refusal.Message.ShouldContain("SENTRY_TRACES_SAMPLE_RATE");
        refusal.Message.ShouldNotContain(dsn + ";");
    }

    [Fact]
    public void A_dsn_says_where_envelopes_go()
    {
        var dsn = SentryDsn.Parse("https://abc:old@o1.ingest.sentry.io/77")!;

        dsn.Envelopes.ToString().ShouldBe("https://o1.ingest.sentry.io/api/77/envelope/");
        dsn.PublicKey.ShouldBe("abc");
    }

    private static Task<TestHost> StartAsync(TelemetryReceiver sentry, string rate) => TestHost.StartAsync(
        _ => { },
        app =>
        {
            app.MapGet("/work", () => "done");
            app.MapGet("/fail", string (ILogger<SentryTests> logger) =>
            {
                logger.LogInformation("About to fail {Number}.", 7);
                throw new InvalidOperationException("sk-in-the-message", new FormatException("sk-in-the-inner-message"));
            });
        },
        environment: "Staging",
        settings: [
            ("Sentry:Dsn", sentry.Address.Replace("://", "://abc123@", StringComparison.Ordinal) + "/below/42"), ("Sentry:TracesSampleRate", rate),
            ("App:Version", "9.8.7"), ("OTEL_SERVICE_NAME", "probe")]);

    private static (string Type, JsonElement Item) Read(Received received)
    {
        var lines = Encoding.UTF8.GetString(received.Body).Split('\n');
        JsonDocument.Parse(lines[0]).RootElement.GetProperty("event_id").GetString()!.Length.ShouldBe(32);
        var header = JsonDocument.Parse(lines[1]).RootElement;
        header.GetProperty("length").GetInt32().ShouldBe(Encoding.UTF8.GetByteCount(lines[2]));
        return (header.GetProperty("type").GetString()!, JsonDocument.Parse(lines[2]).RootElement);
    }
}

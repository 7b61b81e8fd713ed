using LlmGateway.Testing;
using Microsoft.AspNetCore.Builder;

namespace LlmGateway.ServiceDefaults.Tests;

public sealed class TelemetryTests
{
    [Fact]
    public async Task A_request_is_traced_from_the_first_one_on_and_a_probe_is_not()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using (var host = await TestHost.StartAsync(
            _ => { },
            app => app.MapGet("/work", () => "done"),
            settings: [
                ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Endpoint),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
                ("OTEL_SERVICE_NAME", "probe"),
            ]))
        {
            await host.Client.GetStringAsync(new Uri("/work", UriKind.Relative));
            await host.Client.GetStringAsync(new Uri("/health", UriKind.Relative));
            await host.Client.GetStringAsync(new Uri("/alive", UriKind.Relative));
        }

        // Stopping the host has sent everything.
        // Its spans are those of the whole process, in which other tests' hosts run too.
        var server = collector.Spans.Where(span => span is { Service: "probe", Scope: "Microsoft.AspNetCore" }).Select(span => span.Name).ToList();
        server.Where(name => name.Contains("/work", StringComparison.Ordinal)).ShouldHaveSingleItem();
        server.ShouldNotContain(name => name.Contains("/health", StringComparison.Ordinal) || name.Contains("/alive", StringComparison.Ordinal));
    }
}

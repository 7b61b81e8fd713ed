using System.Diagnostics.Metrics;
using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Caching;
using LlmGateway.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Gateway.Tests;

public sealed class GatewayMetricsTests
{
    [Fact]
    public void Every_instrument_has_its_row_and_every_row_its_instrument() =>
        MetricDocs.InstrumentsOf(GatewayMetrics.MeterName, Create).ShouldBe(GatewayMetricTable.Table.Rows.Select(row => row.Name), ignoreOrder: true);

    [Fact]
    public void The_table_of_the_documentation_is_made_of_the_rows()
    {
        var (written, expected) = MetricDocs.Compare("the gateway", GatewayMetricTable.Table);

        written.ShouldBe(expected);
    }

    private static void Create(IServiceProvider services)
    {
        var meters = services.GetRequiredService<IMeterFactory>();
        new GatewayMetrics(meters).ObserveLimiter(() => false);
        _ = new ResponseCacheMetrics(meters);
        new KeyDirectoryMetrics(meters).Observe(() => 0, () => 0, () => 0);
    }
}

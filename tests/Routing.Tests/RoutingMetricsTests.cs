using System.Diagnostics.Metrics;
using LlmGateway.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Routing.Tests;

public sealed class RoutingMetricsTests
{
    [Fact]
    public void Every_instrument_has_its_row_and_every_row_its_instrument() =>
        MetricDocs.InstrumentsOf(RoutingMetrics.MeterName, services => new RoutingMetrics(services.GetRequiredService<IMeterFactory>()).ObserveDeployments(() => []))
            .ShouldBe(RoutingMetricTable.Table.Rows.Select(row => row.Name), ignoreOrder: true);

    [Fact]
    public void The_table_of_the_documentation_is_made_of_the_rows()
    {
        var (written, expected) = MetricDocs.Compare("Routing", RoutingMetricTable.Table);

        written.ShouldBe(expected);
    }
}

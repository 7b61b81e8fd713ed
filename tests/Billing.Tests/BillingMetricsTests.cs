using System.Diagnostics.Metrics;
using LlmGateway.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Billing.Tests;

public sealed class BillingMetricsTests
{
    [Fact]
    public void Every_instrument_has_its_row_and_every_row_its_instrument() =>
        MetricDocs.InstrumentsOf(BillingMetrics.MeterName, services => new BillingMetrics(services.GetRequiredService<IMeterFactory>()).ObserveHolds(() => 0, () => 0))
            .ShouldBe(BillingMetricTable.Table.Rows.Select(row => row.Name), ignoreOrder: true);

    [Fact]
    public void The_table_of_the_documentation_is_made_of_the_rows()
    {
        var (written, expected) = MetricDocs.Compare("Billing", BillingMetricTable.Table);

        written.ShouldBe(expected);
    }
}

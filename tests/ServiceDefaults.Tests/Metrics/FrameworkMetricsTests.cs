using LlmGateway.ServiceDefaults.Metrics;
using LlmGateway.Testing;

namespace LlmGateway.ServiceDefaults.Tests.Metrics;

public sealed class FrameworkMetricsTests
{
    [Fact]
    public void The_table_of_the_documentation_is_made_of_the_rows()
    {
        var (written, expected) = MetricDocs.Compare("every service", FrameworkMetrics.Tables);

        written.ShouldBe(expected);
    }
}

using System.Net;
using System.Text;
using LlmGateway.SystemUnderTest;
using LlmGateway.Testing;

namespace LlmGateway.Functional.Tests;

/// <summary>What an operator sees of the running system: a Prometheus of its own reads all four services.</summary>
[Collection(RunningSystem.Name)]
public sealed class MetricsTests(RunningSystem running)
{
    private static readonly string[] Owners = ["the gateway", "Routing", "Billing", "every service"];

    [Fact]
    public async Task After_a_call_of_each_kind_Prometheus_answers_for_each_documented_metric_and_knows_no_other()
    {
        await CallEachKindAsync();
        await using var prometheus = await PrometheusServer.StartAsync(GatewaySystem.Services.ToDictionary(name => name, name => running.System.EndpointOf(name, "http")));
        await prometheus.WaitForScrapeOfAllAsync();

        var documented = Owners.SelectMany(MetricDocs.Read).ToList();
        var missing = new List<string>();
        foreach (var metric in documented.Where(metric => metric.AppearsWith.Length == 0))
        {
            var name = metric.Kind == "histogram" ? $"{metric.Name}_count" : metric.Name;
            if (await prometheus.QueryAsync($"sum({name})") is null)
            {
                missing.Add(name);
            }
        }

        missing.ShouldBeEmpty();
        (await prometheus.FamiliesAsync()).Except(documented.Select(metric => metric.Name)).ShouldBe(["target_info"]);
        (await prometheus.QueryAsync("sum(llm_requests_total{model=\"fake-chat\",outcome=\"ok\",stream=\"true\"})")).ShouldNotBeNull().ShouldBeGreaterThanOrEqualTo(1);
        foreach (var metric in documented)
        {
            (await prometheus.LabelsAsync(metric.Name)).Except([.. metric.Labels, "le", "job", "instance"]).ShouldBeEmpty(metric.Name);
        }
    }

    [Fact]
    public async Task However_many_keys_call_and_whatever_models_they_invent_the_series_stay_as_many()
    {
        await CallEachKindAsync();
        await CallByNewKeyAsync(0);
        var before = await SeriesAsync();
        for (var key = 1; key <= 10; key++)
        {
            await CallByNewKeyAsync(key);
        }

        (await SeriesAsync()).ShouldBe(before);
    }

    private async Task CallByNewKeyAsync(int number)
    {
        using var client = running.System.Client(await Administrator.IssueKeyAsync(running.System, $"series-{number}"));
        await new ChatCall(client, GatewaySystem.Model).PlainAsync();
        using var invented = await client.PostAsync(
            new Uri("/v1/chat/completions", UriKind.Relative), Json($$"""{"model":"invented-{{number}}","messages":[{"role":"user","content":"x"}]}"""));
        invented.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    private async Task CallEachKindAsync()
    {
        await new ChatCall(running.Http, GatewaySystem.Model).PlainAsync();
        (await new ChatCall(running.Http, GatewaySystem.Model).StreamAsync()).Ended.ShouldBeTrue();
        (await new ChatCall(running.Http, "fake-slow").StreamAsync()).Ended.ShouldBeTrue();
        using var embeddings = await running.Http.PostAsync(
            new Uri("/v1/embeddings", UriKind.Relative), Json($$"""{"model":"{{GatewaySystem.EmbeddingModel}}","input":"x"}"""));
        embeddings.EnsureSuccessStatusCode();
    }

    // Series of ours: those of the runtime and of connections change by themselves.
    private async Task<int> SeriesAsync()
    {
        // The page is kept for half a second.
        await Task.Delay(TimeSpan.FromMilliseconds(600));
        var series = 0;
        foreach (var service in GatewaySystem.Services)
        {
            using var http = new HttpClient();
            var page = await http.GetStringAsync(new Uri(running.System.EndpointOf(service, "http"), "/metrics"));
            series += page.Split('\n').Count(line => line.StartsWith("llm", StringComparison.Ordinal) || line.StartsWith("gen_ai", StringComparison.Ordinal));
        }

        return series;
    }

    private static StringContent Json(string json) => new(json, Encoding.UTF8, "application/json");
}

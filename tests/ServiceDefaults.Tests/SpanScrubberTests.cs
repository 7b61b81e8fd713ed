using System.Diagnostics;

namespace LlmGateway.ServiceDefaults.Tests;

public sealed class SpanScrubberTests
{
    [Theory]
    [InlineData("https://u:secret@api.example/v1/chat?key=secret", "https://api.example")]
    [InlineData("http://127.0.0.1:8080/secret/v1/models", "http://127.0.0.1:8080")]
    [InlineData("http://keys:8081/llmgateway.keys.v1.KeysApi/Verify", "http://keys:8081/llmgateway.keys.v1.KeysApi/Verify")]
    [InlineData("secret", null)]
    public void Of_an_address_that_is_called_the_host_stays_and_the_path_only_where_it_is_a_method_of_ours(string url, string? kept)
    {
        SpanScrubber.WithoutSecrets(url).ShouldBe(kept);
    }

    [Fact]
    public void A_server_span_keeps_what_operators_need_and_nothing_of_the_client_s()
    {
        using var source = new ActivitySource("Microsoft.AspNetCore");
        using var listener = new ActivityListener
        {
            ShouldListenTo = candidate => ReferenceEquals(candidate, source),
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        using var span = source.StartActivity("GET")!;
        span.SetTag("http.request.method", "GET").SetTag("http.route", "/v1/models/{**id}").SetTag("http.response.status_code", 404);
        span.SetTag("url.path", "/v1/models/secret").SetTag("url.query", "?secret").SetTag("server.address", "secret");
        span.SetTag("user_agent.original", "secret").SetTag("http.request.method_original", "secret").SetTag("of.a.later.version", "secret");

        new SpanScrubber().OnEnd(span);

        span.TagObjects.ShouldBe(
            [new("http.request.method", "GET"), new("http.route", "/v1/models/{**id}"), new("http.response.status_code", 404)], ignoreOrder: true);
    }
}

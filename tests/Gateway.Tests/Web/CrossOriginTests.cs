using System.Net;
using LlmGateway.Gateway.Tests.Hosting;

namespace LlmGateway.Gateway.Tests.Web;

/// <summary>Which pages a browser lets call the gateway, and what it shows them.</summary>
[Collection(GatewayCollection.Name)]
public sealed class CrossOriginTests(GatewayHost gateway)
{
    private const string Allowed = "https://app.example";

    [Fact]
    public async Task Without_a_setting_no_page_may()
    {
        using var client = gateway.Client();

        using var asked = await PreflightAsync(client, Allowed);
        using var called = await CallAsync(client, Allowed);

        asked.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        asked.Content.Headers.Allow.ShouldBe(["POST", "OPTIONS"]);
        asked.Headers.ShouldNotContain(header => header.Key.StartsWith("access-control-", StringComparison.OrdinalIgnoreCase));
        called.Headers.Contains("access-control-allow-origin").ShouldBeFalse();
    }

    [Fact]
    public async Task A_page_of_an_origin_that_is_named_may_and_sees_our_headers_on_errors_too()
    {
        await using var host = await OwnHost.StartAsync(("Cors:Origins", $"{Allowed}, http://localhost:3000"));
        using var client = new HttpClient { BaseAddress = host.Address };

        using var asked = await PreflightAsync(client, Allowed);
        asked.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        AnswerTests.Header(asked, "access-control-allow-origin").ShouldBe(Allowed);
        AnswerTests.Header(asked, "access-control-allow-methods").ShouldContain("POST");
        AnswerTests.Header(asked, "access-control-allow-headers").ShouldBe("authorization,content-type,x-stainless-os");
        asked.Headers.Contains("access-control-allow-credentials").ShouldBeFalse();

        using var refused = await CallAsync(client, Allowed);
        refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        AnswerTests.Header(refused, "access-control-allow-origin").ShouldBe(Allowed);
        var exposed = AnswerTests.Header(refused, "access-control-expose-headers").Split(',');
        exposed.ShouldContain("x-request-id");
        exposed.ShouldContain("x-ratelimit-remaining-requests");

        using var stranger = await CallAsync(client, "https://evil.example");
        stranger.Headers.Contains("access-control-allow-origin").ShouldBeFalse();
        AnswerTests.Header(stranger, "x-frame-options").ShouldBe("DENY");
    }

    private static Task<HttpResponseMessage> PreflightAsync(HttpClient client, string origin)
    {
        var request = new HttpRequestMessage(HttpMethod.Options, "/v1/chat/completions");
        request.Headers.Add("origin", origin);
        request.Headers.Add("access-control-request-method", "POST");
        request.Headers.Add("access-control-request-headers", "authorization,content-type,x-stainless-os");
        return client.SendAsync(request);
    }

    private static Task<HttpResponseMessage> CallAsync(HttpClient client, string origin)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        request.Headers.Add("origin", origin);
        return client.SendAsync(request);
    }
}

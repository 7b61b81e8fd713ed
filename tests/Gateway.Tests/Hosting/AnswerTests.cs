using System.Net;
using System.Text.Json;

namespace LlmGateway.Gateway.Tests.Hosting;

/// <summary>What every answer has, and the answers that need no key.</summary>
[Collection(GatewayCollection.Name)]
public sealed class AnswerTests(GatewayHost gateway)
{
    [Theory]
    [InlineData("GET", "/")]
    [InlineData("GET", "/alive")]
    [InlineData("GET", "/health")]
    [InlineData("GET", "/no/such/path")]
    [InlineData("DELETE", "/v1/models")]
    [InlineData("GET", "/v1/models")]
    [InlineData("POST", "/v1/chat/completions")]
    public async Task Every_answer_has_our_request_id_and_the_security_headers(string method, string path)
    {
        using var client = gateway.Client(key: null);

        using var response = await client.SendAsync(new(new(method), path));

        Header(response, "x-request-id").ShouldMatch("^req_[0-9A-HJKMNP-TV-Z]{26}$");
        Header(response, "x-frame-options").ShouldBe("DENY");
        Header(response, "x-content-type-options").ShouldBe("nosniff");
        Header(response, "content-security-policy").ShouldStartWith("default-src 'none'");
        response.Headers.Contains("server").ShouldBeFalse();
        response.Headers.Contains("strict-transport-security").ShouldBeFalse("without TLS");
        response.Headers.Contains("x-client-request-id").ShouldBeFalse("the client sent none");
    }

    [Theory]
    [InlineData("x-request-id", "abc-1", "abc-1")]
    [InlineData("x-client-request-id", "abc-2", "abc-2")]
    [InlineData("x-request-id", "a b\tc", "abc")]
    [InlineData("x-request-id", "5d41402abc4b2a76b9719d911017c592", "5d41402abc4b2a76b9719d911017c592")]
    public async Task A_client_s_own_id_comes_back_beside_ours_and_is_logged_masked(string header, string sent, string returned)
    {
        using var client = gateway.Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.TryAddWithoutValidation(header, sent);

        using var response = await client.SendAsync(request);

        Header(response, "x-client-request-id").ShouldBe(returned);
        Header(response, "x-request-id").ShouldStartWith("req_");
        var line = gateway.Log.All.Single(line => line.Text.Contains(Header(response, "x-request-id")));
        line.Text.ShouldContain($" {returned[..(returned.Length < 16 ? 3 : 8)]}....");
    }

    [Fact]
    public async Task A_client_s_id_is_bounded()
    {
        using var client = gateway.Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("x-request-id", new string('x', 5_000));

        using var response = await client.SendAsync(request);

        Header(response, "x-client-request-id").ShouldBe(new string('x', 128));
    }

    [Fact]
    public async Task The_index_says_what_this_is()
    {
        using var client = gateway.Client(key: null);

        using var body = JsonDocument.Parse(await client.GetStringAsync("/"));

        body.RootElement.GetProperty("name").GetString().ShouldBe("LlmGateway");
        body.RootElement.GetProperty("version").GetString().ShouldNotBeNullOrEmpty();
        body.RootElement.GetProperty("endpoints").EnumerateArray().Select(e => e.GetString())
            .ShouldContain("POST /v1/chat/completions");
    }

    [Theory]
    [InlineData("GET", "/v1/chat/complet")]
    [InlineData("POST", "/")]
    [InlineData("GET", "/v1")]
    public async Task An_unknown_path_or_method_is_answered_in_the_error_shape(string method, string path)
    {
        using var client = gateway.Client(key: null);

        using var response = await client.SendAsync(new(new(method), path));

        var error = await ErrorAnswer.ReadAsync(response);
        error.Type.ShouldBe("invalid_request_error");
        (error.Status, error.Code).ShouldBe(path == "/"
            ? (HttpStatusCode.MethodNotAllowed, "method_not_allowed")
            : (HttpStatusCode.NotFound, "not_found"));
    }

    [Fact]
    public async Task A_wrong_method_is_told_the_right_one()
    {
        using var client = gateway.Client(key: null);

        using var response = await client.GetAsync("/v1/chat/completions");

        response.StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
        response.Content.Headers.Allow.ShouldBe(["POST", "OPTIONS"]);
    }

    internal static string Header(HttpResponseMessage response, string name) => response.Headers.GetValues(name).Single();
}

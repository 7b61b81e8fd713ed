using System.Net;
using System.Text.Json;
using LlmGateway.Gateway.Anthropic;
using LlmGateway.Gateway.Tests.Hosting;

namespace LlmGateway.Gateway.Tests.Anthropic;

/// <summary>Errors in the form of Anthropic's API, at its paths.</summary>
[Collection(GatewayCollection.Name)]
public sealed class AnthropicErrorTests(GatewayHost gateway)
{
    [Theory]
    [InlineData("GET", "/v1/messages/no/such/path", null, 404, "not_found_error")]
    [InlineData("GET", "/v1/models", "2023-06-01", 401, "authentication_error")]
    [InlineData("GET", "/v1/models/gpt-x", "2026-10-21", 401, "authentication_error")]
    public async Task What_is_refused_before_any_endpoint_has_the_form_too(string method, string path, string? version, int status, string type)
    {
        using var client = gateway.Client(key: null);
        using var request = new HttpRequestMessage(new(method), path);
        request.Headers.TryAddWithoutValidation("anthropic-version", version);

        using var response = await client.SendAsync(request);

        var (error, id) = await ReadAsync(response);
        ((int)response.StatusCode, error.GetProperty("type").GetString()).ShouldBe((status, type));
        AnswerTests.Header(response, "request-id").ShouldBe(id);
        AnswerTests.Header(response, "x-request-id").ShouldBe(id);
    }

    [Fact]
    public async Task Elsewhere_nothing_changes()
    {
        using var client = gateway.Client(key: null);

        using var response = await client.GetAsync("/v1/models");

        (await ErrorAnswer.ReadAsync(response)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        response.Headers.Contains("request-id").ShouldBeFalse();
    }

    [Theory]
    [InlineData(400, "invalid_request_error")]
    [InlineData(401, "authentication_error")]
    [InlineData(402, "billing_error")]
    [InlineData(403, "permission_error")]
    [InlineData(404, "not_found_error")]
    [InlineData(405, "invalid_request_error")]
    [InlineData(413, "request_too_large")]
    [InlineData(415, "invalid_request_error")]
    [InlineData(422, "invalid_request_error")]
    [InlineData(429, "rate_limit_error")]
    [InlineData(500, "api_error")]
    [InlineData(502, "api_error")]
    [InlineData(503, "api_error")]
    [InlineData(504, "timeout_error")]
    [InlineData(529, "overloaded_error")]
    public void A_status_has_Anthropic_s_type(int status, string type) => AnthropicErrors.TypeOf(status).ShouldBe(type);

    [Fact]
    public void Code_field_and_figures_are_details()
    {
        var json = AnthropicErrors.ToJson(
            new(402, "insufficient_quota", "insufficient_balance", "No money.") { Metadata = new() { Required = 0.5m } }, "req_1");

        json.ShouldBe(
            """{"type":"error","error":{"type":"billing_error","message":"No money.","details":{"error_code":"insufficient_balance","metadata":{"required":0.5}}},"request_id":"req_1"}"""u8.ToArray());
        AnthropicErrors.ToJson(new(404, "t", null, "m"), "req_1").ShouldBe(
            """{"type":"error","error":{"type":"not_found_error","message":"m"},"request_id":"req_1"}"""u8.ToArray());
    }

    internal static async Task<(JsonElement Error, string RequestId)> ReadAsync(HttpResponseMessage response)
    {
        response.Content.Headers.ContentType?.MediaType.ShouldBe("application/json");
        var body = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync()).RootElement;
        body.GetProperty("type").GetString().ShouldBe("error");
        return (body.GetProperty("error"), body.GetProperty("request_id").GetString()!);
    }
}

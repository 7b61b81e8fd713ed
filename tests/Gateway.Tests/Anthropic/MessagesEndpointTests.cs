using System.Net;
using System.Text;
using LlmGateway.Gateway.Tests.Hosting;

namespace LlmGateway.Gateway.Tests.Anthropic;

/// <summary>The Messages endpoint's own refusals. Calls that come through are tested with the whole system.</summary>
[Collection(GatewayCollection.Name)]
public sealed class MessagesEndpointTests(GatewayHost gateway)
{
    private const string Valid = """{"model":"claude-x","max_tokens":5,"messages":[{"role":"user","content":"hi"}]}""";

    [Theory]
    [InlineData("""{"max_tokens":5}""", "messages", "missing_required_parameter")]
    [InlineData("""{"max_tokens":5,"messages":null}""", "messages", "missing_required_parameter")]
    [InlineData("""{"max_tokens":5,"messages":"hi"}""", "messages", "invalid_value")]
    [InlineData("""{"max_tokens":5,"messages":[],"messages":[]}""", "messages", "invalid_value")]
    [InlineData("""{"messages":[]}""", "max_tokens", "missing_required_parameter")]
    [InlineData("""{"messages":[],"max_tokens":null}""", "max_tokens", "missing_required_parameter")]
    [InlineData("""{"messages":[],"max_tokens":-1}""", "max_tokens", "invalid_value")]
    [InlineData("""{"messages":[],"max_tokens":1.5}""", "max_tokens", "invalid_value")]
    [InlineData("""{"messages":[],"max_tokens":"5"}""", "max_tokens", "invalid_value")]
    [InlineData("""{"messages":[],"max_tokens":5,"max_tokens":5}""", "max_tokens", "invalid_value")]
    [InlineData("""{"messages":[],"max_tokens":5,"model":7}""", "model", "invalid_value")]
    [InlineData("""{"messages":[],"max_tokens":5,"model":"a","model":"b"}""", "model", "invalid_value")]
    [InlineData("""{"messages":[],"max_tokens":5,"stream":"yes"}""", "stream", "invalid_value")]
    [InlineData("""{"messages":[],"max_tokens":5,"stream":true,"stream":false}""", "stream", "invalid_value")]
    [InlineData("{", null, "invalid_json")]
    [InlineData("[]", null, "invalid_json")]
    [InlineData("""{"model":"\ud800"}""", null, "invalid_json")]
    public async Task A_fault_in_the_body_is_400_with_its_field(string body, string? param, string code)
    {
        using var response = await PostAsync("/v1/messages?beta=true", body);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var (error, _) = await AnthropicErrorTests.ReadAsync(response);
        error.GetProperty("type").GetString().ShouldBe("invalid_request_error");
        var details = error.GetProperty("details");
        details.GetProperty("error_code").GetString().ShouldBe(code);
        (details.TryGetProperty("param", out var named) ? named.GetString() : null).ShouldBe(param);
    }

    [Fact]
    public async Task Bytes_that_are_not_UTF8_are_refused()
    {
        using var client = gateway.Client();
        using var content = new ByteArrayContent(Encoding.Latin1.GetBytes(Valid.Replace("hi", "caf\u00e9", StringComparison.Ordinal)));

        using var response = await client.PostAsync("/v1/messages", content);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("/v1/messages", Valid)]
    [InlineData("/v1/messages", """{"max_tokens":0,"stream":true,"messages":[]}""")]
    [InlineData("/v1/messages/count_tokens", """{"messages":[]}""")]
    public async Task Without_Routing_a_call_has_a_true_status(string path, string body)
    {
        using var response = await PostAsync(path, body);

        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        var (error, id) = await AnthropicErrorTests.ReadAsync(response);
        (error.GetProperty("type").GetString(), error.GetProperty("details").GetProperty("error_code").GetString()).ShouldBe(("api_error", "no_available_provider"));
        AnswerTests.Header(response, "request-id").ShouldBe(id);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_413()
    {
        using var response = await PostAsync("/v1/messages", new string(' ', GatewayHost.MaxBodyBytes) + Valid);

        response.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await AnthropicErrorTests.ReadAsync(response)).Error.GetProperty("type").GetString().ShouldBe("request_too_large");
    }

    [Fact]
    public async Task Another_method_is_405_in_the_form_of_the_API()
    {
        using var client = gateway.Client();

        using var response = await client.GetAsync("/v1/messages");

        response.StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
        (await AnthropicErrorTests.ReadAsync(response)).Error.GetProperty("type").GetString().ShouldBe("invalid_request_error");
    }

    [Fact]
    public async Task A_key_comes_in_either_header()
    {
        using var client = gateway.Client(key: null);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/messages") { Content = new StringContent("{}") };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.Add("x-api-key", GatewayHost.Key);

        using var response = await client.SendAsync(request);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    private async Task<HttpResponseMessage> PostAsync(string path, string body)
    {
        using var client = gateway.Client();
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        return await client.PostAsync(path, content);
    }
}

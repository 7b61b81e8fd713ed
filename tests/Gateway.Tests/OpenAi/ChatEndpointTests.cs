using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using LlmGateway.Gateway.Tests.Hosting;

namespace LlmGateway.Gateway.Tests.OpenAi;

/// <summary>The chat endpoint's own refusals. Calls that come through are tested with the whole system.</summary>
[Collection(GatewayCollection.Name)]
public sealed class ChatEndpointTests(GatewayHost gateway) : IDisposable
{
    private const string Valid = """{"model":"gpt-x","messages":[{"role":"user","content":"hi"}]}""";

    private readonly HttpClient _client = gateway.Client();

    public void Dispose() => _client.Dispose();

    [Theory]
    [InlineData("/v1/chat/completions")]
    [InlineData("/v1/chat/completions/stream")]
    public async Task A_fault_in_the_body_is_400_with_its_field(string path)
    {
        using var response = await PostAsync(path, """{"model":"gpt-x"}""");

        var error = await ErrorAnswer.ReadAsync(response);
        (error.Status, error.Code, error.Param).ShouldBe((HttpStatusCode.BadRequest, "missing_required_parameter", "messages"));
    }

    [Theory]
    [InlineData("{\"model\":")]
    [InlineData("")]
    [InlineData("not json")]
    public async Task What_is_not_JSON_is_400_with_its_place(string body)
    {
        using var response = await PostAsync("/v1/chat/completions", body);

        var error = await ErrorAnswer.ReadAsync(response);
        (error.Status, error.Code).ShouldBe((HttpStatusCode.BadRequest, "invalid_json"));
        error.Message.ShouldContain("line 1, byte ");
    }

    [Theory]
    [InlineData("text/plain", null, 415)]
    [InlineData("application/x-www-form-urlencoded", null, 415)]
    [InlineData("application/json; charset=utf-16", null, 415)]
    [InlineData("application/json; charset=utf-7", null, 415)]
    [InlineData("application/json", "zstd", 415)]
    [InlineData("application/json", "gzip, br", 415)]
    [InlineData("application/json; charset=\"UTF-8\"", null, 503)]
    [InlineData("application/vnd.api+json", null, 503)]
    [InlineData("APPLICATION/JSON", "identity", 503)]
    [InlineData(null, null, 503)]
    public async Task Only_JSON_in_UTF8_is_taken(string? contentType, string? contentEncoding, int status)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(Valid));
        content.Headers.TryAddWithoutValidation("content-type", contentType);
        content.Headers.TryAddWithoutValidation("content-encoding", contentEncoding);

        using var response = await _client.PostAsync("/v1/chat/completions", content);

        ((int)(await ErrorAnswer.ReadAsync(response)).Status).ShouldBe(status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_over_the_limit_is_413_even_while_it_is_still_being_sent(bool chunked)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = Body(GatewayHost.MaxBodyBytes + 1_000_000) };
        request.Headers.TransferEncodingChunked = chunked;

        using var response = await _client.SendAsync(request);

        var error = await ErrorAnswer.ReadAsync(response);
        (error.Status, error.Type, error.Code).ShouldBe((HttpStatusCode.RequestEntityTooLarge, "invalid_request_error", "request_too_large"));
    }

    [Theory]
    [InlineData(GatewayHost.MaxBodyBytes, HttpStatusCode.ServiceUnavailable)]
    [InlineData(GatewayHost.MaxBodyBytes + 1, HttpStatusCode.RequestEntityTooLarge)]
    public async Task The_limit_is_exact(int bytes, HttpStatusCode status)
    {
        using var content = Body(bytes);

        using var response = await _client.PostAsync("/v1/chat/completions", content);

        response.StatusCode.ShouldBe(status);
    }

    [Theory]
    [InlineData("/v1/chat/completions", false)]
    [InlineData("/v1/chat/completions", true)]
    [InlineData("/v1/chat/completions/stream", false)]
    public async Task Without_Routing_a_call_has_a_true_status_and_no_stack_trace(string path, bool stream)
    {
        using var response = await PostAsync(path, Valid.Replace("{\"model\"", $"{{\"stream\":{(stream ? "true" : "false")},\"model\"", StringComparison.Ordinal));

        var error = await ErrorAnswer.ReadAsync(response);
        (error.Status, error.Type, error.Code).ShouldBe((HttpStatusCode.ServiceUnavailable, "upstream_error", "no_available_provider"));
        error.Message.ShouldNotContain("127.0.0.1");
        AnswerTests.Header(response, "retry-after-ms").ShouldBe("1000");
    }

    [Theory]
    [InlineData("/v1/models")]
    [InlineData("/v1/models/gpt-x")]
    public async Task Without_Routing_there_are_no_models(string path)
    {
        using var response = await _client.GetAsync(path);

        var error = await ErrorAnswer.ReadAsync(response);
        (error.Status, error.Code).ShouldBe((HttpStatusCode.ServiceUnavailable, "no_available_provider"));
    }

    [Fact]
    public async Task A_body_that_breaks_off_harms_nobody()
    {
        using (var socket = new TcpClient(gateway.Address.Host, gateway.Address.Port))
        {
            var head = string.Create(
                CultureInfo.InvariantCulture,
                $"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {GatewayHost.Key}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{{");
            await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head));
        }

        using var response = await PostAsync("/v1/chat/completions", Valid);

        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        gateway.Log.Errors.ShouldBeEmpty();
    }

    private static StringContent Body(int bytes)
    {
        var padded = Valid.Replace("hi", new string('x', bytes - Valid.Length + 2), StringComparison.Ordinal);
        return new(padded, Encoding.ASCII, "application/json");
    }

    private async Task<HttpResponseMessage> PostAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        return await _client.PostAsync(path, content);
    }
}

using System.IO.Pipelines;
using System.Net;
using System.Text;
using System.Text.Json;
using LlmGateway.Gateway.Calls;
using LlmGateway.Gateway.OpenAi;
using LlmGateway.Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace LlmGateway.Gateway.Tests.OpenAi;

/// <summary>The Responses endpoint's own refusals, and the form of its events. Calls that come through are tested with the whole system.</summary>
[Collection(GatewayCollection.Name)]
public sealed class ResponsesEndpointTests(GatewayHost gateway) : IDisposable
{
    private readonly HttpClient _client = gateway.Client();

    public void Dispose() => _client.Dispose();

    [Theory]
    [InlineData("""{"model":"gpt-x"}""", HttpStatusCode.BadRequest, "missing_required_parameter", "input")]
    [InlineData("""{"input":"hi","stream":1}""", HttpStatusCode.BadRequest, "invalid_value", "stream")]
    [InlineData("{\"input\":", HttpStatusCode.BadRequest, "invalid_json", null)]
    [InlineData("""{"model":"gpt-x","input":"hi"}""", HttpStatusCode.ServiceUnavailable, "no_available_provider", null)]
    [InlineData("""{"model":"gpt-x","input":"hi","stream":true}""", HttpStatusCode.ServiceUnavailable, "no_available_provider", null)]
    public async Task A_refusal_has_its_status_code_and_field(string body, HttpStatusCode status, string code, string? param)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");

        using var response = await _client.PostAsync("/v1/responses", content);

        var error = await ErrorAnswer.ReadAsync(response);
        (error.Status, error.Code, error.Param).ShouldBe((status, code, param));
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("DELETE")]
    public async Task No_response_is_ever_found(string method)
    {
        using var request = new HttpRequestMessage(new(method), "/v1/responses/resp_1");

        using var response = await _client.SendAsync(request);

        var error = await ErrorAnswer.ReadAsync(response);
        (error.Status, error.Code).ShouldBe((HttpStatusCode.NotFound, "not_found"));
        error.Message.ShouldContain("stores none");
    }

    [Fact]
    public async Task An_event_has_its_type_as_its_name_and_an_error_continues_their_numbers()
    {
        var pipe = new Pipe();
        var output = new SseWriter(pipe.Writer);

        ResponsesSurface.Instance.WriteEvent(output, """{"sequence_number":0,"type":"response.created"}"""u8);
        ResponsesSurface.Instance.WriteError(
            output, new DefaultHttpContext(), new ApiError(502, "upstream_error", "provider_error", "It broke."), events: 1);
        ResponsesSurface.Instance.WriteEnd(output);
        await pipe.Writer.CompleteAsync();

        using var reader = new StreamReader(pipe.Reader.AsStream());
        var lines = (await reader.ReadToEndAsync()).Split('\n');
        lines[..4].ShouldBe(["event: response.created", """data: {"sequence_number":0,"type":"response.created"}""", "", "event: error"]);
        var error = JsonDocument.Parse(lines[4]["data: ".Length..]).RootElement;
        (error.GetProperty("type").GetString(), error.GetProperty("sequence_number").GetInt32(), error.GetProperty("code").GetString())
            .ShouldBe(("error", 1, "provider_error"));
        error.GetProperty("error").GetProperty("message").GetString().ShouldBe("It broke.");
        lines[5..].ShouldBe(["", ""]);
    }
}

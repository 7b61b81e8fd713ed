using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Gateway.OpenAi;

namespace LlmGateway.Gateway.Tests.OpenAi;

/// <summary>What the gateway reads of a Responses body itself, and which bodies it does not pass on.</summary>
public sealed class ResponsesRequestTests
{
    [Theory]
    [InlineData("""{"model":"gpt-x","input":"hi"}""", "gpt-x", false, null)]
    [InlineData("""{"input":[{"role":"user","content":"hi"}],"stream":true,"max_output_tokens":7}""", "", true, 7L)]
    [InlineData("""{"input":[],"model":null,"stream":null,"max_output_tokens":null,"other":{"input":1}}""", "", false, null)]
    public void It_is_read(string body, string model, bool stream, long? maximum)
    {
        ResponsesRequest.Read(Encoding.UTF8.GetBytes(body), out var request).ShouldBeNull();

        request.ShouldBe(new ResponsesRequest(model, stream, maximum));
    }

    [Theory]
    [InlineData("{}", "missing_required_parameter", "input")]
    [InlineData("""{"input":null}""", "missing_required_parameter", "input")]
    [InlineData("""{"input":5}""", "invalid_value", "input")]
    [InlineData("""{"input":{}}""", "invalid_value", "input")]
    [InlineData("""{"input":"x","input":"y"}""", "invalid_value", "input")]
    [InlineData("""{"input":"x","model":1}""", "invalid_value", "model")]
    [InlineData("""{"input":"x","stream":"yes"}""", "invalid_value", "stream")]
    [InlineData("""{"input":"x","max_output_tokens":0}""", "invalid_value", "max_output_tokens")]
    [InlineData("""{"input":"x","max_output_tokens":1.5}""", "invalid_value", "max_output_tokens")]
    [InlineData("""{"input":"x","model":"\ud800"}""", "invalid_json", null)]
    [InlineData("""["input"]""", "invalid_json", null)]
    [InlineData("""{"input":"x"} {}""", "invalid_json", null)]
    public void A_fault_names_its_field(string body, string code, string? param)
    {
        var error = ResponsesRequest.Read(Encoding.UTF8.GetBytes(body), out _);

        (error!.Status, error.Type, error.Code, error.Param).ShouldBe((400, "invalid_request_error", code, param));
    }

    [Fact]
    public void A_body_is_nested_as_deep_as_Routing_can_translate_it()
    {
        ResponsesRequest.Read(Nested(ResponsesRequest.MaxDepth), out _).ShouldBeNull();
        ResponsesRequest.Read(Nested(ResponsesRequest.MaxDepth + 1), out _)!.Code.ShouldBe("invalid_json");

        static byte[] Nested(int depth) =>
            Encoding.UTF8.GetBytes($$"""{"input":"x","y":{{new string('[', depth - 1)}}{{new string(']', depth - 1)}}}""");
    }

    [Fact]
    public void A_request_with_any_byte_changed_is_a_request_or_a_defined_error()
    {
        var valid = """{"model":"gpt-x","stream":true,"max_output_tokens":5,"input":[{"role":"user","content":"\u00e9 hi"}]}"""u8.ToArray();

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2_000), Prop.ForAll<ushort, byte>((position, value) =>
        {
            byte[] changed = [.. valid];
            changed[position % changed.Length] = value;
            if (ResponsesRequest.Read(changed, out _) is { } error)
            {
                return error is { Status: 400, Code: "invalid_json" or "invalid_value" or "missing_required_parameter" };
            }

            using var document = JsonDocument.Parse(changed);
            return document.RootElement.TryGetProperty("input", out var input) && input.ValueKind != JsonValueKind.Null;
        }));
    }
}

using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Gateway.OpenAi;

namespace LlmGateway.Gateway.Tests.OpenAi;

public sealed class ChatRequestLaws
{
    private static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(3_000);

    private static readonly string[] Names =
        ["model", "messages", "stream", "stream_options", "include_usage", "max_tokens", "max_completion_tokens", "role", "content", "other", "\\ud800"];

    // JSON that is nearly a request: the right names with any values, at any depth.
    private static Gen<string> Value(int depth) => depth == 0
        ? Gen.Elements("null", "true", "false", "0", "1", "-1", "1.5", "1e3", "99999999999999999999", "\"\"", "\"user\"", "\"\\ud800\"", "\"\u00e9\"")
        : Gen.OneOf(
            Value(0),
            Gen.ListOf(Value(depth - 1)).Select(items => $"[{string.Join(',', items.Take(3))}]"),
            Gen.ListOf(Gen.Zip(Gen.Elements(Names), Value(depth - 1)))
                .Select(fields => $"{{{string.Join(", ", fields.Take(6).Select(field => $"\"{field.Item1}\": {field.Item2}"))}}}"));

    [Fact]
    public void Any_bytes_are_a_request_or_a_defined_error() =>
        Check.One(Many, Prop.ForAll<byte[]>(bytes => IsDefined(bytes)));

    [Fact]
    public void Any_JSON_is_a_request_or_a_defined_error() =>
        Check.One(Many, Prop.ForAll(Value(3).ToArbitrary(), text => IsDefined(Encoding.UTF8.GetBytes(text))));

    [Fact]
    public void A_request_with_any_byte_changed_is_a_request_or_a_defined_error()
    {
        var valid = Encoding.UTF8.GetBytes(
            """{"model":"gpt-x","stream":true,"max_tokens":5,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"\u00e9 hi"}]}""");

        Check.One(Many, Prop.ForAll<ushort, byte>((position, value) =>
        {
            byte[] changed = [.. valid];
            changed[position % changed.Length] = value;
            return IsDefined(changed);
        }));
    }

    // What is let through is valid JSON with messages; what is not has an error that names its class.
    private static bool IsDefined(byte[] body)
    {
        if (ChatRequest.Read(body, PromptField.Messages, out var request) is { } error)
        {
            return error is { Status: 400, Type: "invalid_request_error", Code: "invalid_json" or "invalid_value" or "missing_required_parameter" }
                && error.Message.Length > 0;
        }

        using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = ChatRequest.MaxDepth });
        return document.RootElement.GetProperty("messages").GetArrayLength() > 0
            && request.Model is not null
            && request.MaxOutputTokens is null or > 0;
    }
}

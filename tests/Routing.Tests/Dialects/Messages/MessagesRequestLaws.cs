using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Routing.Dialects.Messages;

namespace LlmGateway.Routing.Tests.Dialects.Messages;

public sealed class MessagesRequestLaws
{
    private static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(3_000);

    private static readonly string[] Names =
    [
        "model", "messages", "max_tokens", "system", "role", "content", "type", "text", "source", "media_type", "data", "url", "thinking", "signature", "tool_use_id",
        "id", "name", "input", "is_error", "cache_control", "tools", "input_schema", "tool_choice", "output_config", "format", "schema", "effort", "metadata", "\\ud800",
    ];

    private static readonly string[] Scalars =
    [
        "null", "true", "0", "5", "-1", "1.5", "\"\"", "\"user\"", "\"assistant\"", "\"text\"", "\"image\"", "\"document\"", "\"tool_use\"", "\"tool_result\"",
        "\"thinking\"", "\"base64\"", "\"url\"", "\"enabled\"", "\"json_schema\"", "\"tool\"", "\"\\ud800\"", "\"é\"", "\"\\\"\"",
    ];

    // JSON that is nearly a request: the right names with any values, at any depth.
    private static Gen<string> Value(int depth) => depth == 0
        ? Gen.Elements(Scalars)
        : Gen.OneOf(
            Value(0),
            Gen.ListOf(Value(depth - 1)).Select(items => $"[{string.Join(',', items.Take(3))}]"),
            Gen.ListOf(Gen.Zip(Gen.Elements(Names), Value(depth - 1)))
                .Select(fields => $"{{{string.Join(", ", fields.Take(6).Select(field => $"\"{field.Item1}\": {field.Item2}"))}}}"));

    private static Gen<string> Message => Gen.Zip(Gen.Elements("user", "assistant", "system"), Value(4))
        .Select(message => $$"""{"max_tokens":5,"messages":[{"role":"{{message.Item1}}","content":[{{message.Item2}}]}]}""");

    [Fact]
    public void Any_bytes_are_a_request_or_a_defined_fault() => Check.One(Many, Prop.ForAll<byte[]>(bytes => IsDefined(bytes)));

    [Fact]
    public void Any_JSON_is_a_request_or_a_defined_fault() =>
        Check.One(Many, Prop.ForAll(Gen.OneOf(Value(4), Message).ToArbitrary(), text => IsDefined(Encoding.UTF8.GetBytes(text))));

    // What is a request is valid JSON, and whatever it is made of stays within it.
    private static bool IsDefined(byte[] body)
    {
        var (chat, fault) = MessagesRequest.Read(body);
        if (chat is null)
        {
            return fault!.Message.Length > 0;
        }

        using var document = JsonDocument.Parse(chat.Body);
        return document.RootElement.EnumerateObject().All(member => member.Name is "model" or "max_tokens" or "stream" or "messages" or "tools" or "tool_choice"
            or "parallel_tool_calls" or "temperature" or "top_p" or "top_k" or "stop" or "user" or "service_tier" or "reasoning_effort" or "response_format" or "thinking");
    }
}

using System.Text.Json;

namespace LlmGateway.Routing.Providers.Anthropic;

/// <summary>
/// The block that a content_block_start opens:
/// <code>
/// {"type":"text","text":""}     {"type":"thinking","thinking":"","signature":""}     {"type":"redacted_thinking","data":"…"}
/// {"type":"tool_use","id":"toolu_1","name":"f","input":{}}
/// </code>
/// </summary>
internal ref struct AnthropicBlockStart
{
    public AnthropicBlockStart() => (Type, Id, Name) = ("", "", "");

    public string Type { get; private set; }

    public string Id { get; private set; }

    public string Name { get; private set; }

    /// <summary>A tool's, where it is there from the beginning and so whole; empty where it follows.</summary>
    public ReadOnlySpan<byte> Input { get; private set; }

    /// <summary>At the string that the block begins with: text, thinking or data.</summary>
    public Utf8JsonReader First;

    public readonly bool HasFirst => AnthropicEvents.HasText(First);

    /// <param name="reader">At the event's start.</param>
    /// <param name="json">The event.</param>
    public static AnthropicBlockStart Read(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        AnthropicEvents.Enter(ref reader, "content_block"u8);
        var block = new AnthropicBlockStart();
        while (AnthropicEvents.NextMember(ref reader))
        {
            if (reader.ValueTextEquals("type"u8))
            {
                block.Type = AnthropicEvents.Text(ref reader);
            }
            else if (reader.ValueTextEquals("id"u8))
            {
                block.Id = AnthropicEvents.Text(ref reader);
            }
            else if (reader.ValueTextEquals("name"u8))
            {
                block.Name = AnthropicEvents.Text(ref reader);
            }
            else if (reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("thinking"u8) || reader.ValueTextEquals("data"u8))
            {
                reader.Read();
                block.First = reader;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("input"u8))
            {
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                var input = json[start..(int)reader.BytesConsumed];
                block.Input = input.IndexOf((byte)'"') < 0 ? default : input;
            }
            else
            {
                AnthropicEvents.SkipMember(ref reader);
            }
        }

        return block;
    }
}

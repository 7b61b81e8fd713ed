using System.Text.Json;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>A whole streamed answer as a strict client reads it: what is out of order fails the test.</summary>
/// <param name="Text">Of the deltas.</param>
/// <param name="Items">Blocks or items: text, or the arguments of a call.</param>
/// <param name="Output">Tokens, by its usage.</param>
/// <param name="Cost">By its usage.</param>
internal sealed record Reading(string Text, string Items, long Output, decimal Cost)
{
    public static Reading OfMessages(JsonElement[] events)
    {
        var (blocks, open, text) = (new List<string>(), false, "");
        Type(events[0]).ShouldBe("message_start");
        foreach (var item in events[1..^1])
        {
            switch (Type(item))
            {
                case "content_block_start":
                    open.ShouldBeFalse();
                    item.GetProperty("index").GetInt32().ShouldBe(blocks.Count);
                    blocks.Add(Type(item.GetProperty("content_block")) == "text" ? "text" : "");
                    open = true;
                    break;
                case "content_block_delta":
                    (open, item.GetProperty("index").GetInt32()).ShouldBe((true, blocks.Count - 1));
                    var delta = item.GetProperty("delta");
                    var isText = Type(delta) == "text_delta";
                    isText.ShouldBe(blocks[^1] == "text");
                    text += isText ? delta.GetProperty("text").GetString() : "";
                    blocks[^1] += isText ? "" : delta.GetProperty("partial_json").GetString();
                    break;
                case "content_block_stop":
                    (open, item.GetProperty("index").GetInt32()).ShouldBe((true, blocks.Count - 1));
                    open = false;
                    break;
                default:
                    Type(item).ShouldBe("ping");
                    break;
            }
        }

        open.ShouldBeFalse();
        Type(events[^1]).ShouldBe("message_delta");
        events[^1].GetProperty("delta").GetProperty("stop_reason").GetString().ShouldBe(blocks.Count > 1 ? "tool_use" : "end_turn");
        return Of(text, blocks, events[^1].GetProperty("usage"));
    }

    public static Reading OfResponses(JsonElement[] events)
    {
        events.Select(item => item.GetProperty("sequence_number").GetInt32()).ShouldBe(Enumerable.Range(0, events.Length));
        events.Count(item => Type(item) == "response.created").ShouldBe(1);
        var (text, ids, done) = ("", new List<string?>(), new HashSet<string?>());
        foreach (var item in events)
        {
            var index = item.TryGetProperty("output_index", out var at) ? at.GetInt32() : -1;
            switch (Type(item))
            {
                case "response.output_item.added":
                    index.ShouldBe(ids.Count);
                    ids.Add(item.GetProperty("item").GetProperty("id").GetString());
                    ids.ShouldBeUnique();
                    break;
                case "response.output_text.delta":
                    (index, item.GetProperty("item_id").GetString()).ShouldBe((0, ids[0]));
                    text += item.GetProperty("delta").GetString();
                    break;
                case "response.output_text.done":
                    item.GetProperty("text").GetString().ShouldBe(text);
                    break;
                case "response.output_item.done":
                    item.GetProperty("item").GetProperty("id").GetString().ShouldBe(ids[index]);
                    done.Add(ids[index]).ShouldBeTrue();
                    break;
            }
        }

        Type(events[^1]).ShouldBe("response.completed");
        done.Count.ShouldBe(ids.Count);
        var (first, last) = (events[0].GetProperty("response"), events[^1].GetProperty("response"));
        foreach (var name in (string[])["id", "created_at", "model"])
        {
            last.GetProperty(name).ToString().ShouldBe(first.GetProperty(name).ToString());
        }

        var output = last.GetProperty("output").EnumerateArray().ToList();
        output.Select(item => item.GetProperty("id").GetString()).ShouldBe(ids);
        output[0].GetProperty("content")[0].GetProperty("text").GetString().ShouldBe(text);
        return Of(text, output.Select(item => Type(item) == "message" ? "text" : item.GetProperty("arguments").GetString()!), last.GetProperty("usage"));
    }

    private static Reading Of(string text, IEnumerable<string> items, JsonElement usage) =>
        new(text, string.Join(',', items), usage.GetProperty("output_tokens").GetInt64(), usage.GetProperty("cost").GetDecimal());

    private static string? Type(JsonElement item) => item.GetProperty("type").GetString();
}

using System.Text.Json;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Dialects.Responses;

/// <param name="Head">Of the response that was created.</param>
/// <param name="Sequence">The next event's number.</param>
/// <param name="ItemId">Of the only item, a message with one part of text.</param>
/// <param name="IsDone">Its end was told.</param>
internal sealed record ResponsesPlace(ResponseHead Head, int Sequence, string ItemId, bool IsDone) : StreamPlace;

/// <summary>How far a client has come in an answer whose events pass through: its text, and the item that this is in.</summary>
internal sealed class ResponsesProgress(SentText sent)
{
    private ResponseHead? _head;
    private string? _itemId;
    private int _sequence;
    private bool _isPartDone;
    private bool _isDone;

    /// <summary>Null before the first message, and between the end of its text and its own.</summary>
    public ResponsesPlace? Place => _head is null || _itemId is null || _isPartDone != _isDone ? null : new(_head, _sequence, _itemId, _isDone);

    // {"type":"response.created","sequence_number":0,"response":{"id":"resp_1","created_at":1,"model":"m",…}}
    // {"type":"response.output_item.added","sequence_number":2,"output_index":0,"item":{"id":"msg_1","type":"message",…}}
    // {"type":"response.content_part.added","sequence_number":3,"item_id":"msg_1","content_index":0,"part":{"type":"output_text",…}}
    // {"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_1","content_index":0,"delta":"Hi"}

    /// <param name="json">An event that the client gets: one JSON object.</param>
    public void Take(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            using var document = JsonDocument.ParseValue(ref reader);
            Take(document.RootElement);
        }
        catch (Exception e) when (Malformed.Is(e))
        {
            sent.AddOther();
        }
    }

    private void Take(JsonElement item)
    {
        _sequence = item.TryGetProperty("sequence_number", out var number) && number.TryGetInt32(out var sequence) ? sequence + 1 : _sequence + 1;
        switch (item.GetProperty("type").GetString())
        {
            case "response.queued" or "response.in_progress":
                break;
            case "response.created":
                var response = item.GetProperty("response");
                _head = new ResponseHead(response.GetProperty("id").GetString()!, response.GetProperty("created_at").GetInt64(), response.GetProperty("model").GetString()!);
                break;
            case "response.output_item.added" when _itemId is null && Type(item.GetProperty("item")) == "message" && IsFirst(item, "output_index"):
                _itemId = item.GetProperty("item").GetProperty("id").GetString();
                break;
            case "response.content_part.added" when Type(item.GetProperty("part")) == "output_text" && IsFirst(item, "content_index"):
                break;
            case "response.output_text.delta" when _itemId is not null && IsFirst(item, "content_index"):
                sent.Add(item.GetProperty("delta").GetString()!);
                break;
            case "response.output_text.done" or "response.content_part.done":
                _isPartDone = true;
                break;
            case "response.output_item.done" when IsFirst(item, "output_index"):
                _isDone = true;
                break;
            default:
                sent.AddOther();
                break;
        }
    }

    private static string? Type(JsonElement value) => value.GetProperty("type").GetString();

    private static bool IsFirst(JsonElement item, string name) => item.GetProperty(name).GetInt32() == 0;
}

using System.Buffers;
using System.Text.Json;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Dialects.Responses;

/// <summary>How a whole answer ended, by its finish_reason in chat.</summary>
internal static class ResponseStatus
{
    public static (string Status, string? Reason) Of(string? finishReason) => finishReason switch
    {
        "length" => ("incomplete", "max_output_tokens"),
        "content_filter" => ("incomplete", "content_filter"),
        _ => (OutputItem.Completed, null),
    };
}

/// <summary>A whole chat.completion as a response.</summary>
internal static class ResponseBody
{
    public static ReadOnlyMemory<byte> Of(Call call, Deployment deployment, ReadOnlyMemory<byte> chat, in TokenUsage usage, long costNanoUsd)
    {
        var response = new ResponseObject(call, deployment);
        using var output = new ResponseOutput(response.Tail, events: null);
        output.Read(chat.Span);
        var bytes = new ArrayBufferWriter<byte>(chat.Length + 1024);
        using var json = new Utf8JsonWriter(bytes, EventWriter.Options);
        var (status, reason) = ResponseStatus.Of(output.FinishReason);
        response.Write(json, status, reason, output.Items, usage, costNanoUsd);
        json.Flush();
        return bytes.WrittenMemory;
    }
}

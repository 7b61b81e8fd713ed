using System.Text;
using System.Text.Json;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Dialects.Responses;
using LlmGateway.Routing.Streaming;
using LlmGateway.Routing.Tests.Streaming;

namespace LlmGateway.Routing.Tests.Dialects.Responses;

/// <summary>
/// Clients that speak Responses, a set of files a case: NAME.request.json, a client's body, and NAME.chat.json, its chat form or why there is
/// none; NAME.sse, a chat stream, and NAME.events, the client's; NAME.completion.json, a whole chat answer, and NAME.response.json, the client's.
/// </summary>
public sealed class ResponsesGoldenTests
{
    private static readonly Golden Golden = new("Dialects/Responses/Golden");

    public static TheoryData<string> Requests => Golden.Cases(".request.json");

    public static TheoryData<string> Streams => Golden.Cases(".sse");

    public static TheoryData<string> Answers => Golden.Cases(".completion.json");

    [Theory]
    [MemberData(nameof(Requests))]
    public void A_client_s_request_becomes_chat(string name)
    {
        var read = ClientRequests.Read(Dialect.OpenaiResponses, Golden.Read(name + ".request.json"));

        (read.Chat is null).ShouldBe(name.StartsWith("refused-", StringComparison.Ordinal));
        (read.NativeOnly is not null).ShouldBe(name.StartsWith("native-", StringComparison.Ordinal));
        Golden.ShouldMatchJson(name + ".chat.json", read.Chat?.Body ?? Json(read));
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task A_chat_stream_becomes_the_client_s_events(string name)
    {
        var meter = ResponsesRun.Meter();
        var chat = new ChatStream(new SseReader(new PiecesStream(Golden.Read(name + ".sse"), []), 1024 * 1024), 1, ResponsesRun.Deployment, meter);

        var read = await ResponsesRun.ReadAsync(new ResponsesEvents(chat, ResponsesRun.Call(), ResponsesRun.Deployment), meter);

        read.Events.Select(json => JsonDocument.Parse(json).RootElement.GetProperty("sequence_number").GetInt32())
            .ShouldBe(Enumerable.Range(0, read.Events.Count));
        Golden.ShouldMatchLines(name + ".events", [.. read.Events, .. read.Fault is { } fault ? [fault.Message] : Array.Empty<string>()]);
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public void A_whole_chat_answer_becomes_a_response(string name)
    {
        var usage = new TokenUsage(9, 2, 0, 5, 1, Estimated: name == "answer-cut-short");

        var response = ResponseBody.Of(ResponsesRun.Call(), ResponsesRun.Deployment, Golden.Read(name + ".completion.json"), usage, costNanoUsd: 140_000);

        Golden.ShouldMatchJson(name + ".response.json", response);
    }

    private static byte[] Json(ClientRequest read)
    {
        read.Fault!.Failure.ShouldBe(CallFailure.InvalidRequest);
        return Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new { read.Fault.Param, read.Fault.Code, read.Fault.Message }));
    }
}

using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Providers.OpenAi;
using LlmGateway.Routing.Streaming;
using LlmGateway.Routing.Tests.Dialects.Responses;
using LlmGateway.Routing.Tests.Streaming;

namespace LlmGateway.Routing.Tests.Providers.OpenAi;

/// <summary>The same bytes of OpenAI's, read for a client that speaks chat and for one that speaks Responses.</summary>
internal static class ResponsesStreams
{
    public static Task<ResponsesRun.Result> TranslatedAsync(byte[] bytes, IEnumerable<int>? cuts = null)
    {
        var meter = ResponsesRun.Meter();
        var events = new TranslatedEvents(
            Reader(bytes, cuts), new ResponsesAnswer(ResponsesRun.Deployment), new ChatEvents("gpt-x", 1_763_683_200), ResponsesRun.Deployment);
        return ResponsesRun.ReadAsync(new ChatStream(events, 1, ResponsesRun.Deployment, meter), meter);
    }

    public static Task<ResponsesRun.Result> NativeAsync(byte[] bytes, IEnumerable<int>? cuts = null)
    {
        var meter = ResponsesRun.Meter();
        return ResponsesRun.ReadAsync(new ResponsesStream(Reader(bytes, cuts), ResponsesRun.Deployment, meter), meter);
    }

    private static SseReader Reader(byte[] bytes, IEnumerable<int>? cuts) => new(new PiecesStream(bytes, cuts ?? []), 1024 * 1024);
}

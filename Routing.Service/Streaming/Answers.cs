using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Providers;

namespace LlmGateway.Routing.Streaming;

/// <summary>Answers in the client's dialect, from whichever wire they came on.</summary>
internal sealed class Answers(TimeProvider time)
{
    public IAnswerStream Open(Call call, ProviderReply reply, Deployment deployment, UsageMeter meter, CallOptions options)
    {
        var reader = new SseReader(reply.Body!, options.MaxEventBytes);
        IEventReader events = reply.Translator is { } translator
            ? new TranslatedEvents(reader, translator, new ChatEvents(deployment.ModelName, time.GetUtcNow().ToUnixTimeSeconds()), deployment)
            : reader;
        return new ChatStream(events, call.Request.Choices, deployment, meter);
    }

    public static Task<PlainAnswer> ReadAsync(ProviderReply reply, CallTimers timers, Deployment deployment, UsageMeter meter, CallOptions options) =>
        PlainAnswer.ReadAsync(reply.Body!, reply.Translator, timers, deployment, meter, options.MaxAnswerBytes);

    /// <summary>A whole answer, when its cost is known.</summary>
    public static ReadOnlyMemory<byte> Close(PlainAnswer answer, TokenUsage usage, long costNanoUsd) =>
        ChatAnswer.WithCost(answer.Json, answer.UsageRange, usage, costNanoUsd);
}

using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Dialects.Messages;
using LlmGateway.Routing.Dialects.Responses;
using LlmGateway.Routing.Providers;

namespace LlmGateway.Routing.Streaming;

/// <summary>Answers in the client's dialect, from whichever wire they came on.</summary>
internal sealed class Answers(TimeProvider time)
{
    /// <summary>A streamed answer: as the provider writes it where it speaks the client's dialect, else by way of OpenAI's chat.</summary>
    public IAnswerStream Open(Call call, ProviderReply reply, Deployment deployment, UsageMeter meter, CallOptions options)
    {
        var reader = new SseReader(reply.Body!, options.MaxEventBytes);
        return (reply.Wire, call.Client.Dialect) switch
        {
            (Dialect.OpenaiChat, Dialect.OpenaiChat) => OpenChat(call, reply, reader, deployment, meter),
            (Dialect.OpenaiChat, Dialect.AnthropicMessages) =>
                new MessagesStreamOfChat(OpenChat(call, reply, reader, deployment, meter), MessageId(call), deployment, meter, call.Sent),
            (Dialect.AnthropicMessages, Dialect.AnthropicMessages) => new MessagesStream(reader, deployment, meter, call.Sent),
            (Dialect.OpenaiChat, Dialect.OpenaiResponses) => new ResponsesEvents(OpenChat(call, reply, reader, deployment, meter), call, deployment),
            (Dialect.OpenaiResponses, Dialect.OpenaiResponses) => new ResponsesStream(reader, deployment, meter, call.Sent),
            (Dialect.OpenaiChat, Dialect.OpenaiCompletions) => new CompletionStream(OpenChat(call, reply, reader, deployment, meter)),
            (Dialect.OpenaiCompletions, Dialect.OpenaiCompletions) => new ChatStream(reader, call.Request.Choices, deployment, meter),
            _ => throw NoReader(reply.Wire),
        };
    }

    public static Task<PlainAnswer> ReadAsync(ProviderReply reply, CallTimers timers, Deployment deployment, UsageMeter meter, CallOptions options) =>
        PlainAnswer.ReadAsync(reply, timers, deployment, meter, options.MaxAnswerBytes);

    /// <summary>A whole answer, when its cost is known.</summary>
    public static ReadOnlyMemory<byte> Close(Call call, Deployment deployment, PlainAnswer answer, TokenUsage usage, long costNanoUsd) =>
        (answer.Wire, call.Client.Dialect) switch
        {
            (Dialect.OpenaiChat, Dialect.AnthropicMessages) => MessagesAnswer.Of(answer.Json, MessageId(call), deployment.ModelName, usage, costNanoUsd),
            (Dialect.AnthropicMessages, Dialect.AnthropicMessages) => MessagesUsage.WithCost(answer.Json.Span, answer.UsageRange, usage, costNanoUsd),
            (Dialect.OpenaiChat, Dialect.OpenaiResponses) => ResponseBody.Of(call, deployment, answer.Json, usage, costNanoUsd),
            (Dialect.OpenaiResponses, Dialect.OpenaiResponses) => ResponsesStream.WithCost(answer.Json, usage, costNanoUsd),
            (Dialect.OpenaiChat, Dialect.OpenaiCompletions) =>
                CompletionText.Whole(ChatAnswer.WithCost(answer.Json, answer.UsageRange, usage, costNanoUsd).Span),
            (Dialect.OpenaiChat, Dialect.OpenaiChat) or (Dialect.OpenaiCompletions, _) or (Dialect.OpenaiEmbeddings, _) =>
                ChatAnswer.WithCost(answer.Json, answer.UsageRange, usage, costNanoUsd),
            _ => throw NoReader(answer.Wire),
        };

    private ChatStream OpenChat(Call call, ProviderReply reply, SseReader reader, Deployment deployment, UsageMeter meter)
    {
        IEventReader events = reply.Translator is { } translator
            ? new TranslatedEvents(reader, translator, new ChatEvents(deployment.ModelName, time.GetUtcNow().ToUnixTimeSeconds()), deployment)
            : reader;
        return new ChatStream(events, call.Request.Choices, deployment, meter, call.Sent);
    }

    // Our own request's, in Anthropic's form.
    private static string MessageId(Call call) => string.Concat("msg_", call.RequestId.AsSpan(call.RequestId.IndexOf('_') + 1));

    private static ArgumentOutOfRangeException NoReader(Dialect dialect) => new(nameof(dialect), dialect, "Not a dialect that answers come in.");
}

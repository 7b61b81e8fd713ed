using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Dialects.Messages;
using LlmGateway.Routing.Providers;
using LlmGateway.Routing.Providers.Anthropic;
using LlmGateway.Routing.Providers.OpenAi;

namespace LlmGateway.Routing.Streaming;

/// <summary>A whole answer: one JSON object of its wire, or it is none.</summary>
/// <param name="Wire">OpenAI's chat, or the client's own dialect if the bytes are to pass through.</param>
/// <param name="Json">Empty with a fault.</param>
/// <param name="UsageRange">Where the provider's usage stands; null without one.</param>
internal sealed record PlainAnswer(Dialect Wire, ReadOnlyMemory<byte> Json, Range? UsageRange, CallFault? Fault)
{
    private const int FirstSize = 16 * 1024;

    /// <param name="reply">With a body.</param>
    /// <param name="timers">The first byte and each gap count.</param>
    /// <param name="deployment">Who answers.</param>
    /// <param name="meter">Gets the usage and the content.</param>
    /// <param name="maxBytes">A larger answer is a fault.</param>
    public static async Task<PlainAnswer> ReadAsync(
        ProviderReply reply, CallTimers timers, Deployment deployment, UsageMeter meter, int maxBytes)
    {
        var buffer = new byte[FirstSize];
        var length = 0;
        while (await reply.Body!.ReadAsync(buffer.AsMemory(length), timers.Token) is var count and > 0)
        {
            length += count;
            timers.WaitForMore();
            if (length > maxBytes)
            {
                return Broken(deployment, "sent an answer that is too large");
            }

            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, buffer.Length * 2);
            }
        }

        timers.Received();
        return Judge(buffer.AsMemory(0, length), reply, deployment, meter);
    }

    private static PlainAnswer Judge(ReadOnlyMemory<byte> body, ProviderReply reply, Deployment deployment, UsageMeter meter)
    {
        try
        {
            var (json, fault) = reply.Translator?.Translate(body) ?? (body, null);
            return fault is not null ? Failed(fault) : reply.Wire switch
            {
                Dialect.OpenaiChat or Dialect.OpenaiCompletions => JudgeChat(reply.Wire, json, deployment, meter),
                Dialect.OpenaiEmbeddings => JudgeEmbeddings(json, deployment, meter),
                Dialect.AnthropicMessages => JudgeMessage(json, deployment, meter),
                Dialect.OpenaiResponses => ResponsesStream.Judge(json, deployment, meter),
                _ => throw new ArgumentOutOfRangeException(nameof(reply), reply.Wire, "Not a dialect that answers come in."),
            };
        }
        catch (Exception e) when (Malformed.Is(e))
        {
            return Broken(deployment, "sent an answer that cannot be read");
        }
    }

    private static PlainAnswer JudgeChat(Dialect wire, ReadOnlyMemory<byte> json, Deployment deployment, UsageMeter meter)
    {
        if (!ChatChunk.TryRead(json.Span, out var answer))
        {
            return Broken(deployment, "sent an answer that cannot be read");
        }

        if (answer.Error is { } error)
        {
            return Failed(OpenAiErrors.ClassifyEvent(json.Span[error], deployment));
        }

        if (answer.Choices == 0)
        {
            return Broken(deployment, "sent an answer without choices");
        }

        if (answer.UsageRange is not null)
        {
            meter.Report(answer.Usage);
        }

        meter.Content(answer.ContentBytes);
        return new PlainAnswer(wire, json, answer.UsageRange, null);
    }

    // Its usage and errors are written as a chat's.
    private static PlainAnswer JudgeEmbeddings(ReadOnlyMemory<byte> json, Deployment deployment, UsageMeter meter)
    {
        if (!ChatChunk.TryRead(json.Span, out var answer))
        {
            return Broken(deployment, "sent an answer that cannot be read");
        }

        if (answer.Error is { } error)
        {
            return Failed(OpenAiErrors.ClassifyEvent(json.Span[error], deployment));
        }

        var count = EmbeddingFormat.Count(json.Span);
        if (count == 0)
        {
            return Broken(deployment, "sent an answer without embeddings");
        }

        // There is no output to count, and yet there is an answer.
        meter.Report(answer.Usage with { Output = 0 });
        meter.Content(count);
        return new PlainAnswer(Dialect.OpenaiEmbeddings, json, answer.UsageRange, null);
    }

    private static PlainAnswer JudgeMessage(ReadOnlyMemory<byte> json, Deployment deployment, UsageMeter meter)
    {
        var usage = default(AnthropicUsage);
        if (!MessagesEvent.TryRead(json.Span, ref usage, out var answer) || !answer.IsMessage)
        {
            return Broken(deployment, "sent an answer that is no message");
        }

        if (answer.UsageRange is not null)
        {
            meter.Report(usage.ToReported());
        }

        meter.Content(answer.ContentBytes);
        return new PlainAnswer(Dialect.AnthropicMessages, json, answer.UsageRange, null);
    }

    internal static PlainAnswer Failed(CallFault fault) => new(Dialect.Unspecified, default, null, fault);

    internal static PlainAnswer Broken(Deployment deployment, string what) =>
        Failed(new CallFault(CallFailure.ProviderError, $"{deployment.Provider} {what}."));
}

using System.Text.Json;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Providers;
using LlmGateway.Routing.Providers.OpenAi;

namespace LlmGateway.Routing.Streaming;

/// <summary>A whole answer in OpenAI's chat wire: one JSON object with choices, or it is none.</summary>
/// <param name="Json">Empty with a fault.</param>
/// <param name="UsageRange">Where the provider's usage stands; null without one.</param>
internal sealed record PlainAnswer(ReadOnlyMemory<byte> Json, Range? UsageRange, CallFault? Fault)
{
    private const int FirstSize = 16 * 1024;

    /// <param name="body">The response's body.</param>
    /// <param name="translator">Makes OpenAI's chat wire of it; null where it is.</param>
    /// <param name="timers">The first byte and each gap count.</param>
    /// <param name="deployment">Who answers.</param>
    /// <param name="meter">Gets the usage and the content.</param>
    /// <param name="maxBytes">A larger answer is a fault.</param>
    public static async Task<PlainAnswer> ReadAsync(
        Stream body, IAnswerTranslator? translator, CallTimers timers, Deployment deployment, UsageMeter meter, int maxBytes)
    {
        var buffer = new byte[FirstSize];
        var length = 0;
        while (await body.ReadAsync(buffer.AsMemory(length), timers.Token) is var count and > 0)
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
        return Judge(buffer.AsMemory(0, length), translator, deployment, meter);
    }

    private static PlainAnswer Judge(ReadOnlyMemory<byte> body, IAnswerTranslator? translator, Deployment deployment, UsageMeter meter)
    {
        try
        {
            var (json, fault) = translator?.Translate(body) ?? (body, null);
            return fault is null ? Judge(json, deployment, meter) : new PlainAnswer(default, null, fault);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON, or not of the types that the wire has.
            return Broken(deployment, "sent an answer that cannot be read");
        }
    }

    private static PlainAnswer Judge(ReadOnlyMemory<byte> json, Deployment deployment, UsageMeter meter)
    {
        if (!ChatChunk.TryRead(json.Span, out var answer))
        {
            return Broken(deployment, "sent an answer that cannot be read");
        }

        if (answer.Error is { } error)
        {
            return new PlainAnswer(default, null, OpenAiErrors.ClassifyEvent(json.Span[error], deployment));
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
        return new PlainAnswer(json, answer.UsageRange, null);
    }

    private static PlainAnswer Broken(Deployment deployment, string what) =>
        new(default, null, new CallFault(CallFailure.ProviderError, $"{deployment.Provider} {what}."));
}

using System.Text.Json;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Providers.Gemini;

/// <summary>
/// Gemini's answer in OpenAI's chat wire. Each event of its stream is a whole response, and there is no terminator:
/// <code>
/// data: {"candidates":[{"content":{"parts":[{"text":"Hello"}],"role":"model"},"index":0}],"usageMetadata":{…},"responseId":"…"}
/// data: {"candidates":[{"content":{"parts":[{"text":""}]},"finishReason":"STOP"}],"usageMetadata":{…}}
/// data: {"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{…}}       nothing was produced
/// {"error":{"code":503,"message":"…","status":"UNAVAILABLE"}}                             an error, bare or after data:
/// </code>
/// The answer is whole when its finishReason came and the body then ended cleanly. Usage is cumulative, and may come after it.
/// </summary>
internal sealed class GeminiAnswer(Deployment deployment, TimeProvider time) : IAnswerTranslator
{
    private bool _begun;
    private bool _finished;
    private bool _hasOutput;
    private int _calls;

    public CallFault? Translate(in SseEvent item, ChatEvents output)
    {
        var json = item.Data.Span;
        var response = GeminiResponse.Read(json);
        if (response.HasError)
        {
            return GeminiErrors.ClassifyEvent(json, deployment);
        }

        if (item.Bare)
        {
            return Error("sent text that is no event");
        }

        if (!_begun && response.IsAnswer)
        {
            output.Id = $"chatcmpl-{response.Id ?? Guid.NewGuid().ToString("N")}";
            output.Role();
            _begun = true;
        }

        if (response.HasCandidate && Candidate(ref response.Candidate, json, output) is { } fault)
        {
            return fault;
        }

        if (response.IsBlocked)
        {
            Finish("content_filter", output);
        }

        if (response.Usage is { } usage)
        {
            // Early events count the prompt only: what has passed by then is no zero.
            output.Usage(!_finished && _hasOutput && usage.Output == 0 ? usage with { Output = null } : usage);
        }

        return null;
    }

    public (ReadOnlyMemory<byte> Json, CallFault? Fault) Translate(ReadOnlyMemory<byte> answer)
    {
        var response = GeminiResponse.Read(answer.Span);
        if (response.HasError)
        {
            return (default, GeminiErrors.ClassifyEvent(answer.Span, deployment));
        }

        return !response.IsAnswer ? (default, Error("sent an answer without candidates"))
            : GeminiCompletion.Write(answer, response.IsBlocked, response.Id, response.Usage, deployment.ModelName, time.GetUtcNow()) is { } completion
                ? (completion, null)
                : (default, Error("gave up without an answer"));
    }

    /// <param name="reader">At the candidate's start.</param>
    private CallFault? Candidate(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, ChatEvents output)
    {
        var reason = default(Utf8JsonReader);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("content"u8))
            {
                reader.Read();
                Content(ref reader, json, output);
            }
            else if (reader.ValueTextEquals("finishReason"u8))
            {
                reader.Read();
                reason = reader;
                reader.Skip();
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        // The reason may stand before the content that it ends.
        if (reason.TokenType != JsonTokenType.String || reason.ValueTextEquals("FINISH_REASON_UNSPECIFIED"u8))
        {
            return null;
        }

        if (GeminiFinish.Map(in reason, _calls > 0, _hasOutput) is not { } finish)
        {
            return Error("gave up without an answer");
        }

        Finish(finish, output);
        return null;
    }

    // {"parts":[…],"role":"model"}
    private void Content(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, ChatEvents output)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isParts = reader.ValueTextEquals("parts"u8);
            reader.Read();
            if (!isParts || reader.TokenType != JsonTokenType.StartArray)
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                var part = GeminiPart.Read(ref reader, json);
                Part(ref part, output);
            }
        }
    }

    private void Part(ref GeminiPart part, ChatEvents output)
    {
        if (part.Function is { } function)
        {
            output.ToolCall(_calls++, part.CallId, function, part.Arguments, part.Signature);
            _hasOutput = true;
        }

        if (part.HasText)
        {
            if (part.IsThought)
            {
                output.Reasoning(ref part.Text);
            }
            else
            {
                output.Content(ref part.Text);
            }

            _hasOutput = true;
        }
    }

    private void Finish(string reason, ChatEvents output)
    {
        if (!_finished)
        {
            output.Finish(reason);
            _finished = true;
        }
    }

    private CallFault Error(string what) => new(CallFailure.ProviderError, $"{deployment.Provider} {what}.");
}

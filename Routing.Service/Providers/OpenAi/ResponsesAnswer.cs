using System.Text.Json;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Dialects.Responses;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Providers.OpenAi;

/// <summary>
/// One answer of OpenAI's Responses API in its chat wire:
/// <code>
/// response.created                                    the first chunk, with the role
/// response.output_item.added   of a function_call     a call with its id and name; calls are counted, output_index counts all items
/// response.function_call_arguments.delta              a piece of its arguments
/// response.output_text.delta, response.refusal.delta  content, refusal
/// response.reasoning_summary_text.delta               reasoning_content; so is response.reasoning_text.delta
/// response.output_item.done    of reasoning           reasoning_items, for the client to send back
/// response.completed, response.incomplete             finish_reason, usage, [DONE]
/// response.failed, error                              a fault
/// </code>
/// Any other event says nothing that chat has.
/// </summary>
internal sealed class ResponsesAnswer(Deployment deployment) : IAnswerTranslator
{
    private readonly Dictionary<int, int> _calls = [];
    private bool _begun;
    private bool _ended;
    private bool _thought;

    public CallFault? Translate(in SseEvent item, ChatEvents output)
    {
        if (_ended || item.Data.Span.SequenceEqual("[DONE]"u8))
        {
            return null;
        }

        if (!ResponsesEvent.TryRead(item.Data.Span, isResponse: false, out var read))
        {
            return Broken("sent an event that cannot be read");
        }

        if (read.Error is { } error)
        {
            return OpenAiErrors.ClassifyEvent(item.Data.Span[error], deployment);
        }

        if (item.Bare)
        {
            return Broken("sent text that is no event");
        }

        var fields = ResponsesFields.Read(item.Data.Span);
        Begin(fields, output);
        return read.Kind == ResponsesEventKind.End ? End(item.Data, read, output) : Piece(fields, item.Data, output);
    }

    public (ReadOnlyMemory<byte> Json, CallFault? Fault) Translate(ReadOnlyMemory<byte> answer)
    {
        if (!ResponsesEvent.TryRead(answer.Span, isResponse: true, out var read))
        {
            return (default, Broken("sent an answer that cannot be read"));
        }

        if (read.Error is { } error)
        {
            return (default, OpenAiErrors.ClassifyEvent(answer.Span[error], deployment));
        }

        return read.IsWhole ? (ResponsesCompletion.Write(answer, read, deployment), null) : (default, Broken("sent an answer without an end"));
    }

    private void Begin(in ResponsesFields fields, ChatEvents output)
    {
        if (!_begun)
        {
            _begun = true;
            output.Id = "chatcmpl-" + (fields.ResponseId is { } id ? id[(id.IndexOf('_', StringComparison.Ordinal) + 1)..] : "");
            output.Role();
        }
    }

    private CallFault? Piece(ResponsesFields fields, ReadOnlyMemory<byte> json, ChatEvents output)
    {
        var delta = fields.Delta;
        switch (fields.Type)
        {
            case "response.output_text.delta":
                output.Content(ref delta);
                return null;
            case "response.refusal.delta":
                output.Refusal(ref delta);
                return null;
            case "response.reasoning_summary_text.delta" or "response.reasoning_text.delta":
                _thought = true;
                output.Reasoning(ref delta);
                return null;
            case "response.reasoning_summary_part.added" when _thought:
                // The parts of a summary are paragraphs.
                output.Reasoning("\n\n"u8);
                return null;
            case "response.output_item.added" when fields is { ItemType: "function_call", OutputIndex: { } place }:
                _calls[place] = _calls.Count;
                output.ToolCall(_calls[place], fields.CallId ?? "", fields.Name ?? "", default);
                return null;
            case "response.function_call_arguments.delta" when fields.OutputIndex is { } place:
                if (!_calls.TryGetValue(place, out var call))
                {
                    return Broken("sent arguments of a call that it did not begin");
                }

                output.ToolArguments(call, ref delta);
                return null;
            case "response.output_item.done" when fields is { ItemType: "reasoning", Item: { } place }:
                Thought(json[place], output);
                return null;
            default:
                return null;
        }
    }

    private static void Thought(ReadOnlyMemory<byte> json, ChatEvents output)
    {
        using var item = JsonDocument.Parse(json);
        if (ResponsesCompletion.IsThought(item.RootElement))
        {
            output.Delta(delta => ResponsesCompletion.WriteThoughts(delta, [item.RootElement]));
        }
    }

    private CallFault? End(ReadOnlyMemory<byte> json, in ResponsesEvent read, ChatEvents output)
    {
        var (reason, hasCalls) = ResponsesCompletion.ReadEnd(json);
        output.Finish(ResponsesCompletion.FinishReason(reason, hasCalls || _calls.Count > 0));
        if (read.Usage is { } usage)
        {
            output.Usage(usage);
        }

        output.Terminator();
        _ended = true;
        return null;
    }

    private CallFault Broken(string what) => new(CallFailure.ProviderError, $"{deployment.Provider} {what}.");
}

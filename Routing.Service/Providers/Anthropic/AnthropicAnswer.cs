using System.Buffers;
using System.Text.Json;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Providers.Anthropic;

/// <summary>
/// An answer of Anthropic's in OpenAI's chat wire. A stream's events name themselves, blocks come one after the other, and only the last
/// event is a success:
/// <code>
/// {"type":"message_start","message":{"id":"msg_1","usage":{…},…}}
/// {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"toolu_1","name":"f","input":{}}}
/// {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}}
/// {"type":"content_block_stop","index":0}
/// {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{…}}
/// {"type":"message_stop"}
/// </code>
/// Others (ping, and what is not known yet) mean nothing here. What the model thought is told twice: as reasoning_content while it comes, and
/// whole with its signature at the block's end, as thinking_blocks, to be sent back with the next request.
/// </summary>
/// <param name="deployment">Who answers.</param>
/// <param name="answersByTool">The input of <see cref="AnthropicTools.AnswerTool"/> is the answer's text.</param>
/// <param name="created">Seconds since 1970, for a whole answer.</param>
internal sealed class AnthropicAnswer(Deployment deployment, bool answersByTool, long created) : IAnswerTranslator
{
    private readonly ArrayBufferWriter<byte> _thinking = new(256);
    private AnthropicUsage _usage;
    private string? _stopReason;
    private string _signature = "";
    private Block _block;
    private int _tools;
    private bool _hasInput;
    private bool _begun;

    private enum Block
    {
        /// <summary>None, or one that OpenAI's wire has no place for: tools that ran at Anthropic, and their results.</summary>
        None,
        Text,
        Thinking,
        Tool,

        /// <summary>A tool call whose input is the answer's text.</summary>
        Answer,
    }

    public CallFault? Translate(in SseEvent item, ChatEvents output)
    {
        var json = item.Data.Span;
        var type = AnthropicEvents.TypeOf(json);
        if (type == AnthropicEvent.Error)
        {
            return AnthropicErrors.ClassifyEvent(json, deployment);
        }

        if (item.Bare)
        {
            return Fault("sent text that is no event");
        }

        if (type != AnthropicEvent.Other && _begun == (type == AnthropicEvent.MessageStart))
        {
            return Fault(_begun ? "began its answer twice" : "sent an answer without its beginning");
        }

        var reader = new Utf8JsonReader(json);
        reader.Read();
        switch (type)
        {
            case AnthropicEvent.MessageStart:
                _begun = true;
                MessageStart(ref reader, output);
                break;
            case AnthropicEvent.BlockStart:
                EndBlock(output);
                BlockStart(AnthropicBlockStart.Read(ref reader, json), output);
                break;
            case AnthropicEvent.BlockDelta:
                BlockDelta(ref reader, output);
                break;
            case AnthropicEvent.BlockStop:
                EndBlock(output);
                break;
            case AnthropicEvent.MessageDelta:
                MessageDelta(ref reader);
                break;
            case AnthropicEvent.MessageStop:
                EndBlock(output);
                output.Finish(AnthropicFinish.Of(_stopReason, _tools > 0));
                output.Usage(_usage.ToReported());
                output.Terminator();
                break;
        }

        return null;
    }

    public (ReadOnlyMemory<byte> Json, CallFault? Fault) Translate(ReadOnlyMemory<byte> answer) =>
        AnthropicEvents.TypeOf(answer.Span) == AnthropicEvent.Error
        ? (default, AnthropicErrors.ClassifyEvent(answer.Span, deployment))
        : (AnthropicCompletion.Write(answer, deployment.ModelName, created, answersByTool), null);

    private void MessageStart(ref Utf8JsonReader reader, ChatEvents output)
    {
        AnthropicEvents.Enter(ref reader, "message"u8);
        while (AnthropicEvents.NextMember(ref reader))
        {
            if (reader.ValueTextEquals("id"u8))
            {
                reader.Read();
                output.Id = reader.GetString() ?? "";
            }
            else if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                _usage.Merge(ref reader);
            }
            else
            {
                AnthropicEvents.SkipMember(ref reader);
            }
        }

        output.Role();
    }

    private void BlockStart(AnthropicBlockStart block, ChatEvents output)
    {
        _hasInput = !block.Input.IsEmpty;
        switch (block.Type)
        {
            case "text":
                _block = Block.Text;
                if (block.HasFirst)
                {
                    output.Content(ref block.First);
                }

                break;
            case "thinking":
                _block = Block.Thinking;
                if (block.HasFirst)
                {
                    Think(ref block.First, output);
                }

                break;
            case "redacted_thinking" when block.HasFirst:
                var data = block.First.GetString()!;
                output.Delta(json => AnthropicThoughts.WriteRedacted(json, data));
                break;
            case "tool_use" when answersByTool && block.Name == AnthropicTools.AnswerTool:
                _block = Block.Answer;
                if (_hasInput)
                {
                    output.Content(block.Input);
                }

                break;
            case "tool_use":
                _block = Block.Tool;
                output.ToolCall(_tools++, block.Id, block.Name, block.Input);
                break;
        }
    }

    private void BlockDelta(ref Utf8JsonReader reader, ChatEvents output)
    {
        if (_block == Block.None)
        {
            return;
        }

        AnthropicEvents.Enter(ref reader, "delta"u8);
        while (AnthropicEvents.NextMember(ref reader))
        {
            var (text, thinking, partial, signature) = (reader.ValueTextEquals("text"u8), reader.ValueTextEquals("thinking"u8),
                reader.ValueTextEquals("partial_json"u8), reader.ValueTextEquals("signature"u8));
            reader.Read();
            if (!AnthropicEvents.HasText(reader))
            {
                reader.Skip();
            }
            else if (text && _block == Block.Text)
            {
                output.Content(ref reader);
            }
            else if (thinking && _block == Block.Thinking)
            {
                Think(ref reader, output);
            }
            else if (signature && _block == Block.Thinking)
            {
                _signature += reader.GetString();
            }
            else if (partial && _block == Block.Tool)
            {
                _hasInput = true;
                output.ToolArguments(_tools - 1, ref reader);
            }
            else if (partial && _block == Block.Answer)
            {
                _hasInput = true;
                output.Content(ref reader);
            }
        }
    }

    private void MessageDelta(ref Utf8JsonReader reader)
    {
        while (AnthropicEvents.NextMember(ref reader))
        {
            if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                _usage.Merge(ref reader);
            }
            else if (reader.ValueTextEquals("delta"u8))
            {
                reader.Read();
                ReadStop(ref reader);
            }
            else
            {
                AnthropicEvents.SkipMember(ref reader);
            }
        }
    }

    private void ReadStop(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("A message_delta without its delta.");
        }

        while (AnthropicEvents.NextMember(ref reader))
        {
            var isStop = reader.ValueTextEquals("stop_reason"u8);
            reader.Read();
            _stopReason = isStop && reader.TokenType == JsonTokenType.String ? reader.GetString() : _stopReason;
            reader.Skip();
        }
    }

    private void EndBlock(ChatEvents output)
    {
        if (_block == Block.Tool && !_hasInput)
        {
            // A call without arguments streams none, and clients parse what they got.
            output.ToolArguments(_tools - 1, "{}"u8);
        }
        else if (_block == Block.Thinking && _signature.Length > 0)
        {
            output.Delta(json => AnthropicThoughts.Write(json, _thinking.WrittenSpan, _signature));
        }

        _thinking.ResetWrittenCount();
        _signature = "";
        _block = Block.None;
    }

    private void Think(ref Utf8JsonReader value, ChatEvents output)
    {
        var most = value.ValueSpan.Length;
        _thinking.Advance(value.CopyString(_thinking.GetSpan(most)));
        output.Reasoning(ref value);
    }

    private CallFault Fault(string what) => new(CallFailure.ProviderError, $"{deployment.Provider} {what}.");
}

using System.Text.Json;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Providers.Anthropic;

/// <summary>
/// Usage in Anthropic's wire (docs.claude.com/en/api/messages), where what is read from and written to the prompt cache stands beside the
/// input and is no part of it:
/// <code>
/// {"input_tokens":12,"cache_read_input_tokens":2048,"cache_creation_input_tokens":512,
///  "cache_creation":{"ephemeral_5m_input_tokens":112,"ephemeral_1h_input_tokens":400},
///  "output_tokens":97,"output_tokens_details":{"thinking_tokens":40}}
/// </code>
/// A stream sends it in message_start and again in message_delta, cumulative: what is there replaces what was, what is not leaves it.
/// </summary>
internal struct AnthropicUsage
{
    private long? _input;
    private long? _cacheRead;
    private long? _cacheWrite;
    private long? _cacheWrite5m;
    private long? _cacheWrite1h;
    private long? _output;
    private long? _thinking;

    /// <param name="reader">At the usage object's start, and at its end afterwards.</param>
    public void Merge(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("input_tokens"u8))
            {
                _input = TokenCount.Read(ref reader) ?? _input;
            }
            else if (reader.ValueTextEquals("cache_read_input_tokens"u8))
            {
                _cacheRead = TokenCount.Read(ref reader) ?? _cacheRead;
            }
            else if (reader.ValueTextEquals("cache_creation_input_tokens"u8))
            {
                _cacheWrite = TokenCount.Read(ref reader) ?? _cacheWrite;
            }
            else if (reader.ValueTextEquals("output_tokens"u8))
            {
                _output = TokenCount.Read(ref reader) ?? _output;
            }
            else if (!reader.ValueTextEquals("cache_creation"u8) && !reader.ValueTextEquals("output_tokens_details"u8))
            {
                reader.Read();
                reader.Skip();
            }
            else
            {
                reader.Read();
                MergeDetails(ref reader);
            }
        }
    }

    public readonly ReportedUsage ToReported()
    {
        // The total counts; the parts only say how much of it is kept for how long.
        var written = _cacheWrite ?? TokenCount.Sum(_cacheWrite5m, _cacheWrite1h);
        return new(
            _input is null ? null : TokenCount.Sum(_input, _cacheRead, written), _output, _cacheRead ?? 0, written ?? 0, _thinking ?? 0)
        {
            CacheWrite1h = _cacheWrite1h ?? 0,
        };
    }

    private void MergeDetails(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("ephemeral_5m_input_tokens"u8))
            {
                _cacheWrite5m = TokenCount.Read(ref reader) ?? _cacheWrite5m;
            }
            else if (reader.ValueTextEquals("ephemeral_1h_input_tokens"u8))
            {
                _cacheWrite1h = TokenCount.Read(ref reader) ?? _cacheWrite1h;
            }
            else if (reader.ValueTextEquals("thinking_tokens"u8))
            {
                _thinking = TokenCount.Read(ref reader) ?? _thinking;
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }
    }
}

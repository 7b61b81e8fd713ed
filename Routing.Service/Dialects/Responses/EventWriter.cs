using System.Text.Encodings.Web;
using System.Text.Json;
using LlmGateway.Routing.Providers;

namespace LlmGateway.Routing.Dialects.Responses;

/// <summary>The events of one answer, numbered from 0, in one buffer that is used again for each read.</summary>
/// <param name="sequence">The first one's number, where others came before.</param>
internal sealed class EventWriter(int sequence = 0) : IDisposable
{
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly PooledBuffer _buffer = new(4096);
    private readonly List<Range> _ranges = [];
    private int _start;

    /// <summary>The next event's number.</summary>
    public int Sequence { get; private set; } = sequence;

    public Utf8JsonWriter Json { get; } = new(Stream.Null, Options);

    public void Begin(string type)
    {
        Json.Reset(_buffer);
        Json.WriteStartObject();
        Json.WriteString("type"u8, type);
        Json.WriteNumber("sequence_number"u8, Sequence);
    }

    public void End()
    {
        Json.WriteEndObject();
        Json.Flush();
        Sequence++;
        var end = _buffer.WrittenMemory.Length;
        _ranges.Add(_start..end);
        _start = end;
    }

    public void Clear()
    {
        _buffer.Clear();
        _ranges.Clear();
        _start = 0;
    }

    /// <summary>Adds what was written since <see cref="Clear"/> to a list. It is valid until the next <see cref="Clear"/>.</summary>
    public void AddTo(List<ReadOnlyMemory<byte>> events)
    {
        foreach (var range in _ranges)
        {
            events.Add(_buffer.WrittenMemory[range]);
        }
    }

    public void Dispose()
    {
        Json.Dispose();
        _buffer.Dispose();
    }
}

using System.Buffers;
using System.Text;

namespace LlmGateway.Gateway.OpenAi;

/// <summary>Places in a body as people count them: lines and bytes from 1.</summary>
internal static class TextPosition
{
    public static (long Line, long Column) Of(ReadOnlySpan<byte> text, long index)
    {
        var before = text[..(int)index];
        return (before.Count((byte)'\n') + 1, before.Length - before.LastIndexOf((byte)'\n'));
    }

    public static (long Line, long Column) OfFirstInvalidByte(ReadOnlySpan<byte> text)
    {
        var index = 0;
        while (index < text.Length && Rune.DecodeFromUtf8(text[index..], out _, out var length) == OperationStatus.Done)
        {
            index += length;
        }

        return Of(text, index);
    }
}

using System.Text;

namespace LlmGateway.Routing.Tests.Fuzzing;

/// <summary>
/// Makes wrong inputs of right ones: bytes flipped, cut out, doubled, exchanged between two recordings, and pieces put in that parsers stumble over.
/// The same seed gives the same inputs. (SharpFuzz needs an instrumented build; a corpus of golden files reaches the same places.)
/// </summary>
internal sealed class Mutator(IReadOnlyList<byte[]> corpus, int seed)
{
    private static readonly byte[][] Pieces =
    [
        .. new[]
        {
            "\n\n", "\r\n\r\n", "\r", "data:", "data: ", "event: error\n", ": ping\n\n", "[DONE]", "null", "{}", "[]", "\"", "\\", "\\u0000", "\\ud800", "\\udc00\\ud800",
            "\uFEFF", "1e999", "-1", "99999999999999999999", "true", "{\"error\":", "{\"error\":{\"message\":1}}", "data: {\"type\":\"message_stop\"}\n\n", "\"index\":-5",
            "\"index\":2147483648", "\"choices\":null,", "\"candidates\":[null],", "\"content\":{\"parts\":[{}]},", "\"input\":\"\",", "\"usage\":{\"output_tokens\":1e30},", "\"n\":1e9,",
        }.Select(Encoding.UTF8.GetBytes),
        Encoding.UTF8.GetBytes(new string('[', 5000)), Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", 3000))), [0xff, 0xfe], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0],
    ];

#pragma warning disable CA5394 // Not for secrets: a run must be repeatable.
    private readonly Random _random = new(seed);

    public byte[] Next()
    {
        var bytes = new List<byte>(Pick(corpus));
        for (var changes = _random.Next(1, 6); changes > 0; changes--)
        {
            Change(bytes);
        }

        return [.. bytes];
    }

    /// <summary>Where reads end.</summary>
    public int[] Cuts() => [.. Enumerable.Range(0, _random.Next(0, 8)).Select(_ => _random.Next())];

    private void Change(List<byte> bytes)
    {
        var at = _random.Next(bytes.Count + 1);
        var length = Math.Min(_random.Next(1, 200), bytes.Count - at);
        switch (_random.Next(6))
        {
            case 0 when at < bytes.Count:
                bytes[at] = (byte)_random.Next(256);
                break;
            case 1:
                bytes.RemoveRange(at, length);
                break;
            case 2:
                bytes.InsertRange(at, bytes.GetRange(at, length));
                break;
            case 3:
                var other = Pick(corpus);
                var from = _random.Next(other.Length);
                bytes.RemoveRange(at, bytes.Count - at);
                bytes.AddRange(other[from..]);
                break;
            default:
                bytes.InsertRange(at, Pick(Pieces));
                break;
        }
    }

    private byte[] Pick(IReadOnlyList<byte[]> list) => list[_random.Next(list.Count)];
#pragma warning restore CA5394
}

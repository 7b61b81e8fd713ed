using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using LlmGateway.Protos.Routing.V1;

namespace LlmGateway.Gateway.Caching;

/// <summary>
/// What a request asks, as a SHA-256. The order of an object's members, white space and the way in which characters of strings are escaped
/// make no difference; everything else does, a number's spelling included. In place of the body's own <c>model</c> and <c>stream</c> stand
/// the model that is asked for and the form of the answer, however they were chosen.
/// </summary>
/// <remarks>Each value has its kind and length in front, so that two different requests never become the same bytes.</remarks>
internal sealed class RequestDigest : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    private RequestDigest()
    {
    }

    /// <summary>Null for a request with a string that is none, as half of a surrogate pair: nothing is kept for it.</summary>
    public static byte[]? Of(string account, Dialect dialect, string model, bool stream, IEnumerable<string> betas, ReadOnlyMemory<byte> body)
    {
        using var digest = new RequestDigest();
        digest.Text(account);
        digest.Text(dialect.ToString());
        digest.Text(model);
        digest.Kind(stream ? 't' : 'f');
        foreach (var beta in betas)
        {
            digest.Text(beta);
        }

        using var document = JsonDocument.Parse(body);
        try
        {
            digest.Object(document.RootElement, isRoot: true);
        }
        catch (InvalidOperationException)
        {
            return null;
        }

        return digest._hash.GetHashAndReset();
    }

    public void Dispose() => _hash.Dispose();

    private void Object(JsonElement element, bool isRoot)
    {
        Kind('{');

        // Of members with one name the order stays: which of them counts is the reader's choice.
        foreach (var member in element.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal))
        {
            if (!isRoot || member.Name is not ("model" or "stream"))
            {
                Text(member.Name);
                Value(member.Value);
            }
        }

        Kind('}');
    }

    private void Value(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                Object(element, isRoot: false);
                break;
            case JsonValueKind.Array:
                Kind('[');
                foreach (var item in element.EnumerateArray())
                {
                    Value(item);
                }

                Kind(']');
                break;
            case JsonValueKind.String:
                String(element);
                break;
            case JsonValueKind.Number:
                Bytes('n', JsonMarshal.GetRawUtf8Value(element));
                break;
            default:
                Bytes('l', JsonMarshal.GetRawUtf8Value(element));
                break;
        }
    }

    // With its quotes. Images are strings of megabytes without an escape: they are not copied.
    private void String(JsonElement element)
    {
        var raw = JsonMarshal.GetRawUtf8Value(element);
        if (raw.Contains((byte)'\\'))
        {
            Text(element.GetString()!);
        }
        else
        {
            Bytes('s', raw[1..^1]);
        }
    }

    private void Text(string text) => Bytes('s', Encoding.UTF8.GetBytes(text));

    private void Kind(char kind) => _hash.AppendData([(byte)kind]);

    private void Bytes(char kind, ReadOnlySpan<byte> bytes)
    {
        Span<byte> head = stackalloc byte[5];
        head[0] = (byte)kind;
        BinaryPrimitives.WriteInt32LittleEndian(head[1..], bytes.Length);
        _hash.AppendData(head);
        _hash.AppendData(bytes);
    }
}

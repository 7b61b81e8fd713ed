using System.Collections.Frozen;
using Grpc.Core;

namespace Grpc.Wire;

// Metadata to and from header values. A "-bin" value is base64, padded or not, and several may share a line: "AQ,AgM=".
internal static class HeaderMetadata
{
    private static readonly FrozenSet<string> ReservedInRequests = FrozenSet.ToFrozenSet(
        ["host", "te", "content-type", "content-encoding", "accept-encoding", "grpc-encoding", "grpc-accept-encoding", "grpc-timeout"],
        StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> ReservedInResponses = FrozenSet.ToFrozenSet(
        ["grpc-status", "grpc-message", "grpc-encoding", "grpc-accept-encoding", "content-type", "content-encoding", "content-length"],
        StringComparer.OrdinalIgnoreCase);

    public static void Add(Metadata metadata, string name, string value)
    {
        if (!name.EndsWith(Metadata.BinaryHeaderSuffix, StringComparison.Ordinal))
        {
            metadata.Add(Metadata.Entry.Received(name, value));
            return;
        }

        foreach (var part in value.AsSpan().Split(','))
        {
            metadata.Add(Metadata.Entry.ReceivedBinary(name, value.AsSpan()[part].Trim().ToString()));
        }
    }

    // Without padding, as the specification prefers.
    public static string ToWire(Metadata.Entry entry) =>
        entry.IsBinary ? Convert.ToBase64String(entry.Bytes).TrimEnd('=') : entry.Value;

    public static byte[] FromBase64(string value)
    {
        var padded = (value.Length % 4) switch
        {
            2 when !value.EndsWith('=') => value + "==",
            3 when !value.EndsWith('=') => value + "=",
            _ => value,
        };
        return Convert.FromBase64String(padded);
    }

    // HTTP's and gRPC's own headers are no metadata.
    public static bool IsReservedInRequests(string name) => name.Length == 0 || name[0] == ':' || ReservedInRequests.Contains(name);

    public static bool IsReservedInResponses(string name) => name.Length == 0 || name[0] == ':' || ReservedInResponses.Contains(name);
}

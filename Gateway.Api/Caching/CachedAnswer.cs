using Google.Protobuf;
using LlmGateway.Protos.Routing.V1;

namespace LlmGateway.Gateway.Caching;

/// <summary>A whole answer, as Routing's events.</summary>
/// <param name="AccountId">Whose it is.</param>
/// <param name="SourceRequestId">The call that it is from.</param>
/// <param name="At">When it was whole, in Unix seconds.</param>
/// <param name="Events">Started, chunks, ended.</param>
internal sealed record CachedAnswer(string AccountId, string SourceRequestId, long At, IReadOnlyList<CompleteEvent> Events)
{
    private const uint Version = 1;

    public byte[] ToBytes()
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
        {
            output.WriteUInt32(Version);
            output.WriteString(AccountId);
            output.WriteString(SourceRequestId);
            output.WriteInt64(At);
            foreach (var part in Events)
            {
                output.WriteMessage(part);
            }
        }

        return bytes.ToArray();
    }

    /// <returns>Null for what is no answer of this form: another version's, or damaged.</returns>
    public static CachedAnswer? FromBytes(byte[] bytes)
    {
        try
        {
            using var input = new CodedInputStream(bytes);
            if (input.ReadUInt32() != Version)
            {
                return null;
            }

            var (account, source, at) = (input.ReadString(), input.ReadString(), input.ReadInt64());
            var events = new List<CompleteEvent>();
            while (!input.IsAtEnd)
            {
                var part = new CompleteEvent();
                input.ReadMessage(part);
                events.Add(part);
            }

            return events is [.., { EventCase: CompleteEvent.EventOneofCase.Ended }] ? new(account, source, at, events) : null;
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Selection;

/// <summary>
/// Sends a conversation to the same deployment each time, where the provider remembers its beginning: weighted rendezvous hashing, which needs no
/// memory of ours, agrees between replicas, gives each deployment its weight's share of conversations, and moves only the conversations of a
/// deployment that goes. Source: Thaler and Ravishankar, "A name-based mapping scheme for rendezvous"; the weights: Schindelhauer and
/// Schomaker, "Weighted distributed hash tables".
/// </summary>
internal sealed class Affinity(Func<Deployment, double> weight)
{
    public void Order(Span<Deployment> candidates, ReadOnlySpan<byte> conversation)
    {
        Span<double> scores = candidates.Length <= 64 ? stackalloc double[candidates.Length] : new double[candidates.Length];
        for (var index = 0; index < candidates.Length; index++)
        {
            scores[index] = Score(candidates[index], conversation);
        }

        scores.Sort(candidates);
    }

    /// <summary>The smaller the better.</summary>
    private double Score(Deployment deployment, ReadOnlySpan<byte> conversation)
    {
        var length = Encoding.UTF8.GetByteCount(deployment.Id);
        Span<byte> text = length <= 512 ? stackalloc byte[conversation.Length + length] : new byte[conversation.Length + length];
        conversation.CopyTo(text);
        Encoding.UTF8.GetBytes(deployment.Id, text[conversation.Length..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text, hash);

        // 53 bits make a number between 0 and 1, neither included.
        var point = ((BinaryPrimitives.ReadUInt64BigEndian(hash) >> 11) + 0.5) / (1UL << 53);
        return weight(deployment) is > 0 and var share ? -Math.Log(point) / share : double.MaxValue;
    }
}

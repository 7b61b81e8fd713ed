using LlmGateway.Billing.Pricing;
using Npgsql;

namespace LlmGateway.Billing.Spending;

/// <summary>What settled calls used and cost together.</summary>
/// <param name="Cost">The customer's price, after refunds and reratings.</param>
/// <param name="WrittenOff">The part of it that no balance covered.</param>
internal sealed record UsageSums(
    long Requests, long InputTokens, long CachedInputTokens, long CacheWriteTokens, long OutputTokens, long ReasoningTokens, NanoUsd Cost,
    NanoUsd WrittenOff, NanoUsd ProviderCost)
{
    /// <summary>Of billing.usage_days d, which may have no rows. A sum of money stops at the end of its numbers, so that the rest can be read.</summary>
    public const string Columns =
        """
        coalesce(sum(d.requests), 0)::bigint, coalesce(sum(d.input_tokens), 0)::bigint, coalesce(sum(d.cached_input_tokens), 0)::bigint,
        coalesce(sum(d.cache_write_tokens), 0)::bigint, coalesce(sum(d.output_tokens), 0)::bigint, coalesce(sum(d.reasoning_tokens), 0)::bigint,
        least(coalesce(sum(d.cost), 0), 9223372036854775807)::bigint, least(coalesce(sum(d.written_off), 0), 9223372036854775807)::bigint,
        least(coalesce(sum(d.provider_cost), 0), 9223372036854775807)::bigint
        """;

    /// <param name="reader">At a row.</param>
    /// <param name="at">Where the columns begin.</param>
    public static UsageSums Read(NpgsqlDataReader reader, int at) => new(
        reader.GetInt64(at), reader.GetInt64(at + 1), reader.GetInt64(at + 2), reader.GetInt64(at + 3), reader.GetInt64(at + 4),
        reader.GetInt64(at + 5), new(reader.GetInt64(at + 6)), new(reader.GetInt64(at + 7)), new(reader.GetInt64(at + 8)));
}

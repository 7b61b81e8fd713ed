using System.Collections.Immutable;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Routing.Catalog;

/// <summary>Reads the prices of an entry.</summary>
internal sealed class EntryPrices(CatalogProblems problems)
{
    /// <summary>Null where the entry has none.</summary>
    public TokenPrices? Read(CatalogEntry entry)
    {
        var prices = new TokenPrices(
            Price(entry.Input, "input_cost_per_token"),
            Price(entry.CachedInput, "cache_read_input_token_cost"),
            Price(entry.CacheWrite, "cache_creation_input_token_cost"),
            Price(entry.Output, "output_cost_per_token"))
        {
            CacheWrite1h = Price(entry.CacheWrite1h, "cache_creation_input_token_cost_above_1hr"),
            Reasoning = Price(entry.Reasoning, "output_cost_per_reasoning_token"),
            PerRequest = PerRequest(entry.PerRequest),
            Tiers = Tiers(entry),
        };
        if ((entry.Input is null) != (entry.Output is null))
        {
            problems.Error(
                (entry.Input ?? entry.Output)!.Line,
                "input_cost_per_token and output_cost_per_token go together: one of them is missing.");
        }

        return entry.Input is null || entry.Output is null ? null : prices;
    }

    private ImmutableArray<PriceTier> Tiers(CatalogEntry entry)
    {
        var tiers = new SortedDictionary<long, PriceTier>();
        foreach (var (key, text) in entry.Tiers)
        {
            if (TierKey.TryParse(key, out var tierKey) && Price(text, key) is { } price)
            {
                var tier = tiers.GetValueOrDefault(tierKey.PromptTokensAbove) ?? new PriceTier { PromptTokensAbove = tierKey.PromptTokensAbove };
                tierKey.Set(tier, price);
                tiers[tierKey.PromptTokensAbove] = tier;
            }
        }

        if (tiers.Count > 0 && entry.Input is null)
        {
            problems.Error(entry.Tiers[0].Price.Line, $"{entry.Tiers[0].Key} needs input_cost_per_token and output_cost_per_token beside it.");
        }

        return [.. tiers.Values];
    }

    private long? PerRequest(CatalogText? text)
    {
        if (text is null)
        {
            return null;
        }

        if (TokenPrices.TryParsePerRequest(text.Value, out var price))
        {
            return price;
        }

        problems.Error(text.Line, $"input_cost_per_request must be a decimal number of USD, from 0 to 1000, no finer than 1e-9: \"{text.Value}\".");
        return null;
    }

    private long? Price(CatalogText? text, string key)
    {
        if (text is null)
        {
            return null;
        }

        if (TokenPrices.TryParse(text.Value, out var price))
        {
            return price;
        }

        problems.Error(text.Line, $"{key} must be a decimal number of USD per token, from 0 to 0.1, no finer than 1e-15: \"{text.Value}\".");
        return null;
    }
}

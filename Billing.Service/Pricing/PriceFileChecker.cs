namespace LlmGateway.Billing.Pricing;

/// <summary>Checks a whole price file without stopping at the first fault, so that it is repaired in one go.</summary>
internal sealed class PriceFileChecker
{
    private const decimal NanoPerUsd = 1_000_000_000;

    private readonly HashSet<PricedModel> _seen = [];

    public List<string> Faults { get; } = [];

    public List<PriceRow> Rows(IReadOnlyList<PriceFile.FileModel?> models) =>
        [.. Present(models, "models").SelectMany(model => Rows(model.Value, model.Path))];

    private List<PriceRow> Rows(PriceFile.FileModel model, string path)
    {
        if (model.Provider.Length == 0 || model.Model.Length == 0)
        {
            Faults.Add($"{path}: provider and model must not be empty.");
        }

        if (!_seen.Add(new(model.Provider, model.Model)))
        {
            Faults.Add($"{path}: {model.Provider}/{model.Model} has prices already, further up.");
        }

        var versions = Present(model.Prices, $"{path}.prices")
            .Select(prices => (prices.Value.Moment, Prices: Prices(prices.Value, prices.Path), prices.Value)).ToList();
        foreach (var (index, (before, after)) in versions.Zip(versions.Skip(1)).Index())
        {
            if (after.Moment <= before.Moment)
            {
                Faults.Add($"{path}.prices[{index + 1}].from: must be later than the one before it.");
            }
        }

        // All that the file says of a model is one statement: when a part of it changes, all of it is written anew.
        var hash = PriceRow.Hash(string.Join('\n', versions.Select(version =>
            $"{version.Moment:O} {version.Prices.Content} {version.Value.Source} {version.Value.AsOf}")));
        var rows = versions.Select(version => new PriceRow(
            model.Provider, model.Model, version.Prices, version.Moment, version.Value.Source, version.Value.AsOf, hash)).ToList();
        if (rows is [{ EffectiveFrom: { } first }, ..] && first > PriceRow.Always)
        {
            // Nothing before it, whatever an earlier file said of that time.
            rows.Insert(0, rows[0] with { Prices = AnnouncedPrices.None, EffectiveFrom = PriceRow.Always });
        }

        return rows;
    }

    private AnnouncedPrices Prices(PriceFile.FilePrices prices, string path)
    {
        if (prices.Input is null || prices.Output is null)
        {
            Faults.Add($"{path}: needs input and output.");
        }

        var stated = new AnnouncedPrices(
            Nano(prices.Input, $"{path}.input"), Nano(prices.CachedInput, $"{path}.cached_input"),
            Nano(prices.CacheWrite, $"{path}.cache_write"), Nano(prices.Output, $"{path}.output"))
        {
            CacheWrite1h = Nano(prices.CacheWrite1h, $"{path}.cache_write_1h"),
            Reasoning = Nano(prices.Reasoning, $"{path}.reasoning"),
            PerRequest = Nano(prices.PerRequest, $"{path}.per_request", TokenPrices.HighestPerRequest),
            Tiers = [.. Present(prices.Tiers ?? [], $"{path}.tiers").Select(tier => Tier(tier.Value, tier.Path))],
        };
        if (PriceRules.Fault(stated) is var (part, rule))
        {
            Faults.Add($"{path}{part}: {rule}");
        }

        return stated;
    }

    private PriceTier Tier(PriceFile.FileTier tier, string path)
    {
        if (tier.PromptTokensAbove <= 0)
        {
            Faults.Add($"{path}.prompt_tokens_above: must be larger than 0.");
        }

        return new(tier.PromptTokensAbove)
        {
            Input = Nano(tier.Input, $"{path}.input"),
            CachedInput = Nano(tier.CachedInput, $"{path}.cached_input"),
            CacheWrite = Nano(tier.CacheWrite, $"{path}.cache_write"),
            CacheWrite1h = Nano(tier.CacheWrite1h, $"{path}.cache_write_1h"),
            Output = Nano(tier.Output, $"{path}.output"),
            Reasoning = Nano(tier.Reasoning, $"{path}.reasoning"),
        };
    }

    private IEnumerable<(T Value, string Path)> Present<T>(IReadOnlyList<T?> items, string path)
        where T : class
    {
        foreach (var (index, item) in items.Index())
        {
            if (item is null)
            {
                Faults.Add($"{path}[{index}]: must not be null.");
            }
            else
            {
                yield return (item, $"{path}[{index}]");
            }
        }
    }

    private long? Nano(decimal? usd, string path, long highest = TokenPrices.Highest)
    {
        if (usd is not { } dollars)
        {
            return null;
        }

        if (dollars >= 0 && dollars <= highest / NanoPerUsd && dollars * NanoPerUsd % 1 == 0)
        {
            return (long)(dollars * NanoPerUsd);
        }

        Faults.Add($"{path}: must be between 0 and {highest / NanoPerUsd:0} USD, with at most nine decimal places.");
        return null;
    }
}

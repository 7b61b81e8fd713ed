using LlmGateway.Billing.Pricing;
using LlmGateway.Billing.Quotas;

namespace LlmGateway.Billing.Ledger;

/// <summary>
/// Why a hold or its extension was refused. Of several reasons the one that lasts longest is named, so that nobody waits for a window that
/// would not help: the key's total, the account's balance, the month, the day.
/// </summary>
internal static class HoldRefusals
{
    private static readonly NanoUsd Nothing = new(-1);

    /// <summary>The most that would have been granted to the hold; negative where the key has no token left.</summary>
    public static NanoUsd Available(HoldRow row, KeyLimits? limits) =>
        row.Windows is { } windows && limits is not null && limits.TokensLeft(windows) <= 0
            ? Nothing
            : Least(row.Balance - row.Held + row.Overdraft, row.Windows, limits);

    public static LedgerRefusal Of(HoldRow row, KeyLimits? limits, NanoUsd required) => Of(
        row.Windows is { } windows ? limits?.Reached(windows, tokens: 1, required, row.At) : null,
        new(LedgerRefusalReason.InsufficientBalance)
        {
            Required = required,
            Balance = row.Balance,
            Held = row.Held,
            Overdraft = row.Overdraft,
        });

    public static LedgerRefusal Of(ExtendRow row, ExtendLine line, HoldQuote quote)
    {
        var required = NanoUsd.Max(line.Amount - row.Amount, NanoUsd.Zero);
        var tokens = line.PromptTokens + line.OutputTokens - row.CountedTokens;
        return Of(
            row.Windows is { } windows ? row.Limits?.Reached(windows, tokens, required, row.HeldAt) : null,
            new(LedgerRefusalReason.InsufficientBalance)
            {
                Required = required,
                Balance = row.Balance,
                Held = row.Held,
                Overdraft = row.Overdraft,
                PossibleOutputTokens = Possible(row, line, quote),
            });
    }

    private static LedgerRefusal Of(ReachedLimit? reached, LedgerRefusal insufficient) =>
        reached is null || (reached.Window != LimitWindow.Total && insufficient.Available < insufficient.Required)
            ? insufficient
            : insufficient with { Reason = LedgerRefusalReason.LimitReached, Limit = reached };

    private static long Possible(ExtendRow row, ExtendLine line, HoldQuote quote)
    {
        var most = line.OutputTokens;
        if (row is { Windows: { } windows, Limits: { } limits } && limits.TokensLeft(windows) is { } left)
        {
            most = Math.Min(most, left + row.CountedTokens - line.PromptTokens);
        }

        var available = row.Amount + Least(row.Balance - row.Held + row.Overdraft, row.Windows, row.Limits);
        return quote.LargestOutput(row.OutputTokens + 1, most + 1, available) ?? 0;
    }

    private static NanoUsd Least(NanoUsd funds, KeyWindows? windows, KeyLimits? limits) =>
        windows is not null && limits?.CostLeft(windows) is { } left && left < funds ? left : funds;
}

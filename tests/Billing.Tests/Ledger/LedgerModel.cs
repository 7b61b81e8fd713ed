using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Quotas;

namespace LlmGateway.Billing.Tests.Ledger;

/// <summary>What the ledger promises for one account with 1,000 nano-dollars and a price of one a token, without a database.</summary>
internal sealed class LedgerModel
{
    private static readonly TimeSpan Lifetime = new BillingOptions().HoldLifetime;
    private readonly Dictionary<int, Call> _calls = [];

    public long Balance { get; private set; } = 1000;

    public long Held => _calls.Values.Where(call => call.State == State.Open).Sum(call => call.Amount);

    private long Available => Balance - Held;

    public string Play(LedgerLaws.Step step, DateTimeOffset now)
    {
        _calls.TryGetValue(step.Request, out var call);
        switch (step.Kind)
        {
            case LedgerLaws.Kind.Hold:
                return Hold(step, call, now);
            case LedgerLaws.Kind.Extend:
                return Extend(step.Larger, call);
            case LedgerLaws.Kind.Settle:
                return Settle(step.Tokens, call);
            case LedgerLaws.Kind.Release when call is { State: State.Open }:
                call.State = State.Released;
                return "";
            case LedgerLaws.Kind.Renew when call is { State: State.Open }:
                call.ExpiresAt = now + Lifetime;
                return "renewed";
            case LedgerLaws.Kind.Renew:
                return call is null ? nameof(LedgerRefusalReason.UnknownHold) : nameof(LedgerRefusalReason.ClosedHold);
            case LedgerLaws.Kind.Sweep:
                foreach (var due in _calls.Values.Where(due => due.State == State.Open && due.ExpiresAt <= now))
                {
                    due.State = State.Expired;
                }

                return "";
            default:
                return "";
        }
    }

    /// <summary>Sums of the key's calls whose holds were made in the window.</summary>
    public WindowFigures Window(int key, string kind, DateOnly starts)
    {
        var ends = kind switch { "day" => starts.AddDays(1), "month" => starts.AddMonths(1), _ => DateOnly.MaxValue };
        var calls = _calls.Values.Where(call => call.Key == key && call.Day >= starts && call.Day < ends).ToArray();
        var used = calls.Sum(call => call.Used);
        var counted = calls.Where(call => call is { State: State.Open, Limits: not null }).ToArray();
        return new(used, counted.Sum(call => call.Counted), used, counted.Sum(call => call.Amount));
    }

    private KeyWindows Windows(int key, DateOnly day) =>
        new(Window(key, "total", DateOnly.MinValue), Window(key, "day", day), Window(key, "month", new(day.Year, day.Month, 1)));

    private string Hold(LedgerLaws.Step step, Call? call, DateTimeOffset now)
    {
        if (call is not null)
        {
            return call.State == State.Open ? call.Text : nameof(LedgerRefusalReason.ClosedHold);
        }

        var day = DateOnly.FromDateTime(now.UtcDateTime);
        var (limits, windows, least) = (LedgerLaws.LimitsOf(step), Windows(step.Key, day), step.Tokens / 2);
        var left = limits?.TokensLeft(windows) ?? long.MaxValue;
        var fits = Math.Min(Available, limits?.CostLeft(windows)?.Value ?? long.MaxValue);
        if (left <= 0 || (least > 0 && least > fits))
        {
            return Refusal(limits?.Reached(windows, 1, new(least), now), least);
        }

        var amount = step.Tokens == 0 ? 0 : Math.Min(step.Tokens, fits);
        var output = Math.Max(Math.Min(amount, left), least);
        call = new Call { Key = step.Key, Day = day, Limits = limits, ExpiresAt = now + Lifetime, Amount = amount, Output = output, Counted = Math.Min(output, left) };
        _calls[step.Request] = call;
        return call.Text;
    }

    private string Extend(long tokens, Call? call)
    {
        if (call is not { State: State.Open })
        {
            return call is null ? nameof(LedgerRefusalReason.UnknownHold) : nameof(LedgerRefusalReason.ClosedHold);
        }

        if (call.Output >= tokens)
        {
            return call.Text;
        }

        var (more, moreTokens, windows) = (Math.Max(tokens - call.Amount, 0), tokens - call.Counted, Windows(call.Key, call.Day));
        var reached = call.Limits?.Reached(windows, moreTokens, new(more), new(call.Day, TimeOnly.MinValue, TimeSpan.Zero));
        if (reached is not null || more > Available)
        {
            return Refusal(reached, more);
        }

        (call.Amount, call.Output, call.Counted) = (call.Amount + more, tokens, call.Counted + moreTokens);
        return call.Text;
    }

    private string Refusal(ReachedLimit? reached, long required) =>
        reached is not { } limit || (limit.Window != LimitWindow.Total && Available < required)
            ? nameof(LedgerRefusalReason.InsufficientBalance)
            : $"{LedgerRefusalReason.LimitReached} {limit.Window} {limit.Unit} {limit.Limit} {limit.Used} {limit.Held}";

    private string Settle(long cost, Call? call)
    {
        switch (call)
        {
            case null:
                return nameof(LedgerRefusalReason.UnknownHold);
            case { State: State.Released }:
                return nameof(LedgerRefusalReason.ClosedHold);
            case { State: State.Settled }:
                return call.Settled;
        }

        call.State = State.Settled;
        call.Used = cost;
        var taken = Math.Min(cost, Available);
        Balance -= taken;
        return call.Settled = $"settled {cost} {cost - taken} {Balance}";
    }

    private enum State
    {
        Open,
        Settled,
        Released,
        Expired,
    }

    private sealed class Call
    {
        public State State { get; set; }
        public required int Key { get; init; }
        public required DateOnly Day { get; init; }
        public required KeyLimits? Limits { get; init; }
        public required long Amount { get; set; }
        public required long Output { get; set; }
        public required long Counted { get; set; }
        public long Used { get; set; }
        public DateTimeOffset ExpiresAt { get; set; }
        public string Settled { get; set; } = "";
        public string Text => $"held {Amount} for {Output}";
    }
}

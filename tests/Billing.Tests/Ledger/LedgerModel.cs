using LlmGateway.Billing.Ledger;

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

    private string Hold(LedgerLaws.Step step, Call? call, DateTimeOffset now)
    {
        if (call is not null)
        {
            return call.State == State.Open ? $"held {call.Amount}" : nameof(LedgerRefusalReason.ClosedHold);
        }

        if (Available < step.Tokens / 2)
        {
            return nameof(LedgerRefusalReason.InsufficientBalance);
        }

        var amount = Math.Min(step.Tokens, Available);
        _calls[step.Request] = new Call { Amount = amount, ExpiresAt = now + Lifetime };
        return $"held {amount}";
    }

    private string Extend(long tokens, Call? call)
    {
        if (call is not { State: State.Open })
        {
            return call is null ? nameof(LedgerRefusalReason.UnknownHold) : nameof(LedgerRefusalReason.ClosedHold);
        }

        if (tokens - call.Amount > Available)
        {
            return nameof(LedgerRefusalReason.InsufficientBalance);
        }

        call.Amount = Math.Max(call.Amount, tokens);
        return $"held {call.Amount}";
    }

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
        public long Amount { get; set; }
        public DateTimeOffset ExpiresAt { get; set; }
        public string Settled { get; set; } = "";
    }
}

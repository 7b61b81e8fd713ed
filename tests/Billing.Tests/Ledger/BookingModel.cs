using LlmGateway.Billing.Ledger;

namespace LlmGateway.Billing.Tests.Ledger;

/// <summary>
/// What the ledger promises of administrators' postings among calls, for one account with 1,000 nano-dollars, without a database: the page that
/// says what a call costs, what of it was paid, and what may be given back.
/// </summary>
internal sealed class BookingModel
{
    private readonly SortedDictionary<int, Call> _calls = [];
    private long _price = 1;

    public long Balance { get; private set; } = 1000;

    public long Held => _calls.Values.Where(call => call.IsOpen).Sum(call => call.Held);

    private long Available => Balance - Held;

    public string Play(BookingLaws.Step step)
    {
        _calls.TryGetValue(step.Request, out var call);
        switch (step.Kind)
        {
            case BookingLaws.Kind.Hold when call is null && Available >= step.Amount * _price:
                _calls[step.Request] = new Call { Held = step.Amount * _price, Price = _price };
                return "held";
            case BookingLaws.Kind.Hold:
                return call is null ? nameof(LedgerRefusalReason.InsufficientBalance)
                    : call.IsOpen ? "held"
                    : nameof(LedgerRefusalReason.ClosedHold);
            case BookingLaws.Kind.Settle:
                return Settle(call, step.Amount);
            case BookingLaws.Kind.TopUp:
                return Book(step.Amount);
            case BookingLaws.Kind.Charge when Available < step.Amount:
                return nameof(BookingRefusalReason.InsufficientBalance);
            case BookingLaws.Kind.Charge:
                return Book(-step.Amount);
            case BookingLaws.Kind.Refund or BookingLaws.Kind.RefundWhole:
                return Refund(call, step.Kind == BookingLaws.Kind.Refund ? step.Amount : null);
            default:
                _price = 1 + (step.Amount % 3);
                return Rerate();
        }
    }

    private string Settle(Call? call, long tokens)
    {
        if (call is null)
        {
            return nameof(LedgerRefusalReason.UnknownHold);
        }

        if (call.IsOpen)
        {
            call.IsOpen = false;
            (call.Tokens, call.Cost) = (tokens, tokens * call.Price);
            call.WrittenOff = Math.Max(call.Cost - Available, 0);
            Balance -= call.Paid;
        }

        return "settled";
    }

    private string Book(long amount)
    {
        Balance += amount;
        return $"booked {amount} {Balance}";
    }

    private string Refund(Call? call, long? amount)
    {
        if (call is null or { IsOpen: true })
        {
            return call is null ? nameof(BookingRefusalReason.UnknownCall) : nameof(BookingRefusalReason.NotSettled);
        }

        var left = call.Paid - call.Refunded;
        if (left == 0 || amount > left)
        {
            return left == 0 ? nameof(BookingRefusalReason.NothingPaid) : nameof(BookingRefusalReason.ExceedsPaid);
        }

        call.Refunded += amount ?? left;
        return Book(amount ?? left);
    }

    private string Rerate()
    {
        var adjusted = 0;
        foreach (var call in _calls.Values.Where(call => !call.IsOpen && call.Refunded == 0 && call.Cost != call.Tokens * _price))
        {
            adjusted++;
            var more = (call.Tokens * _price) - call.Cost;
            var paid = call.Paid;
            call.Cost += more;
            call.WrittenOff += more > 0 ? Math.Max(more - Available, 0) : -Math.Min(call.WrittenOff, -more);
            Balance -= call.Paid - paid;
        }

        return $"adjusted {adjusted}";
    }

    private sealed class Call
    {
        public bool IsOpen { get; set; } = true;
        public long Held { get; init; }
        public long Price { get; init; }
        public long Tokens { get; set; }
        public long Cost { get; set; }
        public long WrittenOff { get; set; }
        public long Refunded { get; set; }
        public long Paid => Cost - WrittenOff;
    }
}

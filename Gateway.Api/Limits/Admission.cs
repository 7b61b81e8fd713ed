using LlmGateway.Gateway.Calls;

namespace LlmGateway.Gateway.Limits;

/// <summary>One request that its limits have decided on, until it has ended.</summary>
internal sealed class Admission
{
    private readonly LimitStore _store;
    private readonly Charge[] _charges;
    private readonly LimitVerdict _verdict;
    private readonly Lease _lease;
    private bool _ended;

    public Admission(LimitStore store, Charge[] charges, LimitVerdict verdict, Lease lease, DateTimeOffset now)
    {
        (_store, _charges, _verdict, _lease) = (store, charges, verdict, lease);
        Refusal = verdict.IsAdmitted ? null : LimitRefusal.Of(charges[verdict.Refused], verdict, now);
        Head = new(charges, verdict, now);
    }

    /// <summary>What the client is told; null when it may go on.</summary>
    public ApiError? Refusal { get; }

    /// <summary>For the answer's headers.</summary>
    public LimitHead Head { get; }

    /// <summary>Something of the answer has come.</summary>
    public bool HasOutput { get; set; }

    /// <summary>The limit that refuses.</summary>
    public LimitRule? Refusing => _verdict.IsAdmitted ? null : _charges[_verdict.Refused].Rule;

    /// <summary>The call has ended, and used so many tokens. Whatever comes later changes nothing.</summary>
    public ValueTask EndAsync(long tokens) => EndAsync((rule, taken) => rule.Unit == RateUnit.Tokens ? tokens - taken : 0);

    /// <summary>
    /// Routing says that the call failed. Before any provider was asked, all is as if it had never come; when nothing was produced, it used no
    /// tokens.
    /// </summary>
    public ValueTask FailAsync(ApiError error) => error switch
    {
        _ when HasOutput => BreakOffAsync(),
        { Attempts: 0 } => UndoAsync(),
        _ => EndAsync(tokens: 0),
    };

    /// <summary>Nothing came of the call, and nobody was asked: as if it had never come.</summary>
    public ValueTask UndoAsync() => EndAsync((_, taken) => -taken);

    /// <summary>
    /// The call broke off, and nobody says what it used: what it took stays taken. Who breaks calls off would else have a provider work for
    /// him and no limit count it.
    /// </summary>
    public ValueTask BreakOffAsync() => EndAsync((_, _) => 0);

    private ValueTask EndAsync(Func<LimitRule, long, long> delta)
    {
        if (_ended || !_verdict.IsAdmitted)
        {
            return default;
        }

        _ended = true;
        var corrections = new List<Correction>();
        foreach (var (charge, state) in _charges.Zip(_verdict.States))
        {
            var change = delta(charge.Rule, state.Taken);
            if (charge.Rule.WindowMs == 0 || change != 0)
            {
                corrections.Add(new(charge.Rule, state.Slot, change));
            }
        }

        if (corrections.Count == 0)
        {
            return default;
        }

        if (_lease.Rules.Length > 0)
        {
            _store.End(_lease);
        }

        return _store.CorrectAsync([.. corrections], _lease, _verdict.InRedis);
    }
}

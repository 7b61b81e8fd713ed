using LlmGateway.Billing.Pricing;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Billing.Ledger;

/// <summary>
/// Prices one call, provider call by provider call. What each costs us is rounded up by itself, and the call's provider cost is the sum of these;
/// what the customer pays is rounded once, over all that the customer pays for.
/// </summary>
internal sealed class CallPricing(UsedCall call, WasteOptions waste, int markupBasisPoints)
{
    private readonly bool _free = waste.Of(call.Ending) == Payer.Platform;
    private readonly List<ProviderCost> _costs = new(1 + call.Wasted.Count);

    // Tokens x price of what the customer pays for: of the answer, and of all.
    private Int128 _answer;
    private Int128 _paid;
    private NanoUsd _answerCost;
    private NanoUsd _providerCost;
    private long _version;

    public void AddAnswer(TokenPrices prices, long version)
    {
        _version = version;
        if (call.Ending == Ending.Failed)
        {
            // Nobody answered: not even the price of a call is due.
            return;
        }

        _answerCost = prices.ProviderCost(call.Tokens);
        _providerCost = _answerCost;
        _answer = _paid = _free ? 0 : prices.TimesPrice(call.Tokens);
        _costs.Add(new(call.Answered, call.Served, call.Deployment, call.Tokens, version, _answerCost));
    }

    /// <summary>An absurd attempt is left out: it must not stop the charge of the answer, nor the others of its statement.</summary>
    public void AddWaste(WastedAttempt attempt, TokenPrices prices, long version)
    {
        try
        {
            var cost = prices.ProviderCost(attempt.Tokens);
            var providerCost = _providerCost + cost;
            var paid = waste.Of(attempt) == Payer.Platform ? _paid : checked(_paid + prices.TimesPrice(attempt.Tokens));
            if (!new CallCost(Price(paid), providerCost).IsTooHigh)
            {
                (_paid, _providerCost) = (paid, providerCost);
                _costs.Add(new(attempt.Number, attempt.Model, attempt.Deployment, attempt.Tokens, version, cost));
            }
        }
        catch (OverflowException)
        {
            // As absurd.
        }
    }

    /// <returns>Null where no call costs that much.</returns>
    public SettleLine? ToLine()
    {
        var cost = Price(_paid);
        return new CallCost(cost, _providerCost).IsTooHigh
            ? null
            : new SettleLine(call, cost, _version, _free, new(cost - Price(_answer), _providerCost - _answerCost)) { ProviderCosts = _costs };
    }

    private NanoUsd Price(Int128 timesPrice) => NanoUsd.CustomerPrice(timesPrice, markupBasisPoints);
}

using LlmGateway.FakeProvider;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Functional.Tests.Crashes;

/// <summary>Holds what the clients saw, what the provider produced and what the ledger charged against each other, call by call.</summary>
internal sealed class Audit
{
    private readonly Dictionary<string, MadeCall> _calls;
    private readonly ILookup<string, ProviderCall> _provided;
    private readonly Dictionary<string, List<Charge>> _charges = [];

    private Audit(IEnumerable<MadeCall> made, IEnumerable<ProviderCall> provided, IEnumerable<Charge> charges)
    {
        _calls = made.ToDictionary(call => call.Tag);
        _provided = provided.ToLookup(call => call.Tag);
        var byLength = _calls.Values.ToDictionary(call => (call.Account, Estimated: false, Length: (long)call.Words));
        foreach (var call in _calls.Values)
        {
            byLength.Add((call.Account, Estimated: true, call.EstimatedWords), call);
        }

        foreach (var charge in charges)
        {
            if (!byLength.TryGetValue((charge.Account, charge.Estimated, charge.InputTokens), out var call))
            {
                Faults.Add($"a charge for no call: {charge}");
            }
            else if (!_charges.TryAdd(call.Tag, [charge]))
            {
                _charges[call.Tag].Add(charge);
            }
        }

        foreach (var call in _calls.Values)
        {
            Check(call);
        }
    }

    /// <summary>A line each; none is what is wanted.</summary>
    public List<string> Faults { get; } = [];

    public string Summary => $"{_calls.Count} calls: {_calls.Values.Count(call => call.Finished)} finished, "
        + $"{_charges.Count} charged, {_calls.Values.Count(call => !call.Finished && _charges.ContainsKey(call.Tag))} of them broken off or left, "
        + $"{_charges.Values.Count(charges => charges[0].Estimated)} by estimate; {Answers}";

    private string Answers => string.Join(", ", _calls.Values.Where(call => !call.Finished)
        .GroupBy(call => call.Answer is null ? "no answer" : call.Answer.ErrorCode ?? "cut")
        .OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => $"{group.Count()} {group.Key}"));

    public static async Task<Audit> OfAsync(GatewaySystem system, Load load, Books books) =>
        new(load.Made, system.Provider.Calls, await books.ChargesAsync("crash-%"));

    private void Check(MadeCall call)
    {
        var charges = _charges.GetValueOrDefault(call.Tag, []);
        var provided = _provided[call.Tag].ToList();
        if (charges.Count > 1)
        {
            Fault(call, $"charged {charges.Count} times");
        }

        if (provided.Count > 1)
        {
            Fault(call, $"sent to the provider {provided.Count} times");
        }

        if (call.Finished)
        {
            CheckFinished(call, charges, provided);
        }
        else if (charges.Count > 0)
        {
            CheckBroken(call, charges[0], provided);
        }
    }

    /// <summary>Exactly once, exactly what the provider counts, and exactly what the client was told.</summary>
    private void CheckFinished(MadeCall call, List<Charge> charges, List<ProviderCall> provided)
    {
        if (provided is not [{ Completed: true } whole])
        {
            Fault(call, "a whole answer that the provider did not give");
            return;
        }

        var cost = FakeChatPrice.Of(whole.PromptTokens, whole.CompletionTokens);
        if (call.Answer!.Content.Length != 2 * whole.CompletionTokens || call.Answer.FinishReason != "stop")
        {
            Fault(call, $"an answer that is not the provider's: '{call.Answer.Content}'");
        }

        if (charges is not [{ } charge])
        {
            Fault(call, "finished and not charged");
        }
        else if (charge.Cost != cost || charge.WrittenOff != 0 || call.Answer.Cost != cost || charge.RequestId != call.Answer.RequestId)
        {
            Fault(call, $"cost {cost} by the provider's tally, {call.Answer.Cost} by the answer, and the charge is {charge}");
        }
    }

    /// <summary>At most what was produced, and nothing where that is nothing.</summary>
    private void CheckBroken(MadeCall call, Charge charge, List<ProviderCall> provided)
    {
        if (provided is not [{ CompletionTokens: > 0 } part])
        {
            Fault(call, $"produced nothing, and was charged {charge}");
        }
        else if (charge.Cost > FakeChatPrice.Of(part.PromptTokens, part.CompletionTokens))
        {
            Fault(call, $"{part.PromptTokens} and {part.CompletionTokens} tokens were produced, and the charge is {charge}");
        }
    }

    private void Fault(MadeCall call, string what) =>
        Faults.Add($"{call.Tag} {call.Kind} {call.Answer?.RequestId} ({call.Answer?.ErrorCode ?? (call.Answer is null ? "no answer" : "")}): {what}");
}

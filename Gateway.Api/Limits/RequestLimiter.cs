using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Calls;
using LlmGateway.Protos.Routing.V1;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Limits;

/// <summary>Decides on requests by all limits of their caller.</summary>
internal sealed class RequestLimiter(LimitPlans plans, LimitStore store, IOptions<LimitOptions> options, GatewayMetrics metrics, TimeProvider time)
{
    private static readonly Lease NoLease = new("", []);

    /// <summary>A call to a model. Whoever gets this admission says how it ended.</summary>
    public async ValueTask<Admission> AdmitAsync(string requestId, CallRequest request)
    {
        var plan = plans.Of(request.Caller);
        var (prompt, most) = plan.HasTokens ? Estimate(request) : (0, 0);
        var charges = Array.ConvertAll(plan.Calls, rule => rule.Unit == RateUnit.Tokens ? Tokens(rule, request, prompt, most) : new(rule, 1, 1));
        var lease = plan.Leased.Length > 0 ? new Lease(requestId, plan.Leased) : NoLease;
        var admission = await DecideAsync(charges, lease);
        if (admission.Refusal is null && plan.Leased.Length > 0)
        {
            store.Keep(lease);
        }

        return admission;
    }

    /// <summary>Any other request with a key.</summary>
    public ValueTask<Admission> AdmitReadAsync(Caller caller) =>
        DecideAsync(Array.ConvertAll(plans.Of(caller).Reads, rule => new Charge(rule, 1, 1)), NoLease);

    /// <summary>How the limits of a caller's calls stand. Counts nothing.</summary>
    public async ValueTask<LimitReadings> ReadAsync(Caller caller)
    {
        var charges = Array.ConvertAll(plans.Of(caller).Calls, rule => new Charge(rule, 0, 0));
        var verdict = await store.AdmitAsync(charges, NoLease);
        var now = time.GetUtcNow();
        return new(
            [.. charges.Zip(verdict.States, (charge, state) => new LimitReading(
                charge.Rule, state.Used, state.Used > 0 && charge.Rule.WindowMs > 0 ? now.AddMilliseconds(state.ResetMs) : null))],
            verdict.InRedis ? LimitOptions.Redis : LimitOptions.Memory);
    }

    private async ValueTask<Admission> DecideAsync(Charge[] charges, Lease lease)
    {
        var began = time.GetTimestamp();
        var admission = new Admission(store, charges, await store.AdmitAsync(charges, lease), lease, time.GetUtcNow());
        metrics.Limited(admission.Refusing is { } rule ? LimitNames.Of(rule) : null, time.GetElapsedTime(began));
        return admission;
    }

    private (long Prompt, long Most) Estimate(CallRequest request) => (
        PromptEstimate.Of(request.Body.Bytes.Span),
        request.Dialect == Dialect.OpenaiEmbeddings ? 0 : request.MaxOutputTokens ?? options.Value.DefaultOutputTokens);

    // A maximum that the client did not set is none to refuse it for. One that is larger than the whole limit waits for all of it.
    private static Charge Tokens(LimitRule rule, CallRequest request, long prompt, long most)
    {
        var whole = Math.Max(prompt, Math.Min(prompt + most, rule.Limit));
        return new(rule, whole, request.MaxOutputTokens is null ? prompt : whole);
    }
}

using Grpc.Core;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Grpc;
using LlmGateway.Routing.Health;
using LlmGateway.Routing.Providers.OpenAi;
using LlmGateway.Routing.Selection;
using Microsoft.Extensions.Options;
using BillingClient = LlmGateway.Protos.Billing.V1.BillingApi.BillingApiClient;

namespace LlmGateway.Routing.Calls;

/// <summary>What a call would do now: the plan of <see cref="CallRunner"/>, without a hold and without an attempt.</summary>
internal sealed partial class Explainer(
    CatalogStore catalog, RouteSelector selector, HealthBoard health, Traffic traffic, EffectivePrices prices, BillingClient billing,
    IOptions<BillingOptions> options, TimeProvider time, ILogger<Explainer> logger)
{
    public async Task<ExplainReply> ExplainAsync(CompleteRequest request, CancellationToken cancellationToken)
    {
        var (call, fault) = CallReader.Read(request, time);
        var snapshot = catalog.Current;
        if (call is null || snapshot.Find(call.Model) is not { } model)
        {
            fault ??= CallRunner.Unknown(request.Model.Length > 0 ? request.Model : snapshot.DefaultModel);
            return new ExplainReply { Failure = fault.ToMessage(attempts: 0) };
        }

        if (ModelFit.Fault(model, call.Request) is { } unfit)
        {
            return new ExplainReply { Failure = unfit.ToMessage(attempts: 0) };
        }

        await TryReadPricesAsync(cancellationToken);
        var shape = CallShape.Of(call.Request, call.Stream);
        var chain = new CandidateChain(snapshot, selector, model, call);
        var wanted = HoldPlan.Request(call, chain.Reachable, options.Value);
        var reply = new ExplainReply
        {
            Model = model.Name,
            Strategy = model.Strategy ?? snapshot.Router.Strategy,
            ByConversation = selector.IsByConversation(snapshot, model, shape),
            PromptTokens = wanted.PromptTokens,
            OutputTokens = wanted.OutputTokens,
        };
        AddCandidates(reply, chain, call, shape);
        reply.RuledOut.AddRange(snapshot.DisabledOf(model)
            .Select(deployment => new RuledOut { Deployment = deployment.Id, Reason = "disabled" }));
        await QuoteAsync(reply, wanted, cancellationToken);
        return reply;
    }

    private void AddCandidates(ExplainReply reply, CandidateChain chain, Call call, CallShape shape)
    {
        while (chain.Next() is { } deployment)
        {
            if (Reason(deployment, call, shape) is { } reason)
            {
                reply.RuledOut.Add(new RuledOut { Deployment = deployment.Id, Reason = reason });
                continue;
            }

            var (requests, tokens) = traffic.Of(deployment).LastMinute;
            var candidate = new ExplainedCandidate
            {
                Deployment = deployment.ToMessage(),
                Share = health.Share(deployment),
                InFlight = health.InFlight(deployment),
                Requests = requests,
                Tokens = tokens,
            };
            if (prices.Of(deployment) is { } price)
            {
                (candidate.InputNanoUsd, candidate.OutputNanoUsd) = (price.Input, price.Output);
            }

            reply.Candidates.Add(candidate);
        }
    }

    private string? Reason(Deployment deployment, Call call, CallShape shape) =>
        health.Look(deployment) is { Reason: not CooldownReason.None } cooldown ? cooldown.Name
        : traffic.Of(deployment).Look(deployment, shape.PromptTokens) > TimeSpan.Zero ? "over_limit"
        : Refused(call.Request.Body.Span, deployment) is { } field ? $"unsupported_parameter: {field}"
        : prices.Of(deployment) is null && options.Value.Enabled ? "price_unknown"
        : null;

    // As its adapter refuses them.
    private static string? Refused(ReadOnlySpan<byte> body, Deployment deployment) =>
        (deployment.Adapter == ProviderName.OpenAi ? PaidFields.Find(body) : null) ?? GatewayFields.Find(body, deployment);

    private async Task QuoteAsync(ExplainReply reply, HoldRequest wanted, CancellationToken cancellationToken)
    {
        try
        {
            var deadline = (time.GetUtcNow() + options.Value.HoldTimeout).UtcDateTime;
            var quote = await billing.QuoteAsync(wanted, deadline: deadline, cancellationToken: cancellationToken);
            reply.HoldNanoUsd = quote.AmountNanoUsd;
            if (quote.Unpriced.Length > 0)
            {
                reply.Failure = new CallFault(CallFailure.PriceUnknown, $"No price is known for {quote.Unpriced}.").ToMessage(attempts: 0);
            }
        }
        catch (RpcException e) when (!cancellationToken.IsCancellationRequested)
        {
            reply.Failure = new CallFault(CallFailure.BillingUnavailable, "Billing does not answer at the moment.").ToMessage(attempts: 0);
            Log.Unpriced(logger, e.Status.Detail);
        }
    }

    private async Task TryReadPricesAsync(CancellationToken cancellationToken)
    {
        try
        {
            await prices.ReadAsync(cancellationToken);
        }
        catch (RpcException e) when (!cancellationToken.IsCancellationRequested)
        {
            Log.Unpriced(logger, e.Status.Detail);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Billing does not say what a call would cost: {Reason}")]
        public static partial void Unpriced(ILogger logger, string reason);
    }
}

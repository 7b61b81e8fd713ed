using Google.Protobuf.WellKnownTypes;
using LlmGateway.Billing.Data;
using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;
using LlmGateway.Protos.Billing.V1;
using Booking = LlmGateway.Protos.Billing.V1.Booking;
using BookingRefusal = LlmGateway.Billing.Ledger.BookingRefusal;
using BookingRefusalReason = LlmGateway.Billing.Ledger.BookingRefusalReason;
using VerifiedCheck = LlmGateway.Protos.Billing.V1.VerifiedCheck;

namespace LlmGateway.Billing.Grpc;

/// <summary>What administrators and accounts are told of the ledger, as messages.</summary>
internal static class LedgerReplies
{
    public static Booking ToMessage(this Booked booked) => new()
    {
        Id = $"txn_{booked.PostingId}",
        Kind = booked.Kind,
        AccountId = booked.AccountId,
        RequestId = booked.RequestId ?? "",
        AmountNanoUsd = booked.Amount.Value,
        BalanceAfterNanoUsd = booked.BalanceAfter.Value,
        Note = booked.Note ?? "",
        Actor = booked.Actor.ToMessage(),
        CreatedAt = Timestamp.FromDateTimeOffset(booked.At),
    };

    public static Protos.Billing.V1.Actor ToMessage(this Ledger.Actor actor) => new()
    {
        AccountId = actor.AccountId,
        KeyId = actor.KeyId ?? "",
        MaskedKey = actor.MaskedKey ?? "",
        RequestId = actor.RequestId ?? "",
    };

    public static Protos.Billing.V1.BookingRefusal ToMessage(this BookingRefusal refusal) => new()
    {
        Reason = refusal.Reason switch
        {
            BookingRefusalReason.KeyReused => Protos.Billing.V1.BookingRefusalReason.KeyReused,
            BookingRefusalReason.UnknownCall => Protos.Billing.V1.BookingRefusalReason.UnknownCall,
            BookingRefusalReason.NotSettled => Protos.Billing.V1.BookingRefusalReason.NotSettled,
            BookingRefusalReason.NothingPaid => Protos.Billing.V1.BookingRefusalReason.NothingPaid,
            BookingRefusalReason.ExceedsPaid => Protos.Billing.V1.BookingRefusalReason.ExceedsPaid,
            BookingRefusalReason.InsufficientBalance => Protos.Billing.V1.BookingRefusalReason.InsufficientBalance,
            BookingRefusalReason.BalanceTooLarge => Protos.Billing.V1.BookingRefusalReason.BalanceTooLarge,
            _ => throw new ArgumentOutOfRangeException(nameof(refusal), refusal.Reason, "Not a reason that has a wire form."),
        },
        BalanceNanoUsd = refusal.Balance.Value,
        HeldNanoUsd = refusal.Held.Value,
        AvailableNanoUsd = refusal.Available.Value,
        PaidNanoUsd = refusal.Paid.Value,
        RefundedNanoUsd = refusal.Refunded.Value,
        State = refusal.State is { } state ? StateOf(state) : "",
    };

    public static VerifyLedgerReply ToReply(this Verified verified) => new()
    {
        Checks =
        {
            verified.Checks.Select(check => new VerifiedCheck { Name = check.Name, Examined = check.Examined, Differences = check.Differences }),
        },
        Differences =
        {
            verified.Differences.Select(found => new Difference { Check = found.Check, Subject = found.Subject, Detail = found.Detail }),
        },
        VerifiedAt = Timestamp.FromDateTimeOffset(verified.At),
        DurationMs = (int)verified.Duration.TotalMilliseconds,
    };

    public static Generation ToMessage(this KnownCall call)
    {
        var generation = new Generation
        {
            RequestId = call.Hold.RequestId,
            AccountId = call.Hold.AccountId,
            KeyId = call.Hold.KeyId ?? "",
            State = call.Charge is null ? StateOf(call.Hold.State) : "settled",
            CreatedAt = Timestamp.FromDateTimeOffset(call.Hold.CreatedAt),
            ClosedAt = (call.Charge?.CreatedAt ?? call.Hold.ClosedAt) is { } closed ? Timestamp.FromDateTimeOffset(closed) : null,
            Attempts = { AttemptsJson.Read(call.Charge?.Attempts ?? call.Hold.Attempts) },
            Held = new()
            {
                AmountNanoUsd = call.Hold.Amount,
                PromptTokens = call.Hold.PromptTokens,
                OutputTokens = call.Hold.OutputTokens,
                Estimate = !call.Hold.Bounded,
            },
            Considered = { ConsideredJson.Read(call.Charge?.Considered ?? call.Hold.Considered) },
        };
        if (call.Charge is { } charge)
        {
            generation.Prices = call.Prices is { } prices ? ToMessage(prices.Rates, prices.PerRequest) : null;
            generation.ProviderCosts.AddRange(call.ProviderCosts.Select(row => ToMessage(row.Posting, row.Cost)));
            Set(generation, charge, call.Rerating);
            generation.Refunds.AddRange(call.Refunds.Select(ToMessage));
        }

        return generation;
    }

    public static Generation ToMessage(this CacheHit hit) => new()
    {
        RequestId = hit.RequestId,
        AccountId = hit.AccountId,
        KeyId = hit.KeyId ?? "",
        State = "settled",
        CreatedAt = Timestamp.FromDateTimeOffset(hit.CreatedAt),
        ClosedAt = Timestamp.FromDateTimeOffset(hit.CreatedAt),
        RequestedModel = hit.RequestedModel,
        ServedBy = new() { Deployment = hit.Deployment, Provider = hit.Provider, Model = hit.Model },
        Usage = new(),
        CostNanoUsd = hit.Cost,
        Ending = "whole",
        CachedFrom = hit.SourceRequestId,
    };

    private static CallPrices ToMessage(Rates rates, NanoUsd perRequest) => new()
    {
        Input = rates.Input,
        CachedInput = rates.CachedInput,
        CacheWrite = rates.CacheWrite,
        CacheWrite1H = rates.CacheWrite1h,
        Output = rates.Output,
        Reasoning = rates.Reasoning,
        PerRequest = perRequest.Value,
    };

    private static Protos.Billing.V1.ProviderCost ToMessage(Posting posting, NanoUsd cost) => new()
    {
        Id = $"txn_{posting.Id}",
        Attempt = posting.Attempt ?? 0,
        Candidate = new() { Deployment = posting.Deployment ?? "", Provider = posting.Provider ?? "", Model = posting.ProviderModel ?? "" },
        Usage = new()
        {
            InputTokens = posting.InputTokens ?? 0,
            CachedInputTokens = posting.CachedInputTokens ?? 0,
            CacheWriteTokens = posting.CacheWriteTokens ?? 0,
            CacheWrite1HTokens = posting.CacheWrite1hTokens ?? 0,
            OutputTokens = posting.OutputTokens ?? 0,
            ReasoningTokens = posting.ReasoningTokens ?? 0,
        },
        PriceVersion = posting.PriceVersion ?? 0,
        CostNanoUsd = cost.Value,
    };

    private static void Set(Generation generation, Charge charge, Rerating? rerating)
    {
        generation.Ending = charge.Ending;
        generation.RequestedModel = charge.RequestedModel;
        generation.ServedBy = new() { Deployment = charge.Deployment, Provider = charge.Provider, Model = charge.Model };
        generation.Usage = new()
        {
            InputTokens = charge.InputTokens,
            CachedInputTokens = charge.CachedInputTokens,
            CacheWriteTokens = charge.CacheWriteTokens,
            CacheWrite1HTokens = charge.CacheWrite1hTokens,
            OutputTokens = charge.OutputTokens,
            ReasoningTokens = charge.ReasoningTokens,
            Estimated = charge.Estimated,
        };
        generation.CostNanoUsd = rerating?.Cost ?? charge.Cost;
        generation.ProviderCostNanoUsd = rerating?.ProviderCost ?? charge.ProviderCost;
        generation.WrittenOffNanoUsd = rerating?.WrittenOff ?? charge.WrittenOff;
        generation.MarkupBasisPoints = charge.MarkupBasisPoints;
        generation.PriceVersion = rerating?.PriceVersion ?? charge.PriceVersion;
        generation.Rerated = rerating is not null;
        generation.Timings = new()
        {
            StartedAt = Timestamp.FromDateTimeOffset(charge.StartedAt),
            TimeToFirstTokenMs = charge.TimeToFirstTokenMs,
            TotalMs = charge.TotalMs,
        };
    }

    // A hold is open while its call runs.
    private static string StateOf(string hold) => hold == "open" ? "running" : hold;
}

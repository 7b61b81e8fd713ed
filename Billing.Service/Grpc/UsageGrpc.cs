using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using LlmGateway.Billing.Spending;
using LlmGateway.Protos.Billing.V1;
using AccountUsage = LlmGateway.Protos.Billing.V1.AccountUsage;
using SpendGroup = LlmGateway.Billing.Spending.SpendGroup;
using SpendRow = LlmGateway.Billing.Spending.SpendRow;
using Totals = LlmGateway.Protos.Billing.V1.Totals;
using UsageSums = LlmGateway.Billing.Spending.UsageSums;
using WireGroup = LlmGateway.Protos.Billing.V1.SpendGroup;
using WireRow = LlmGateway.Protos.Billing.V1.SpendRow;
using WireSums = LlmGateway.Protos.Billing.V1.UsageSums;

namespace LlmGateway.Billing.Grpc;

/// <summary>Translate, call, translate.</summary>
internal sealed class UsageGrpc(UsageReads usage) : UsageApi.UsageApiBase
{
    private const int DefaultLimit = 50;
    private const int MostListed = 200;

    public override async Task<AccountUsage> GetUsage(GetUsageRequest request, ServerCallContext context)
    {
        var keyId = request.HasKeyId ? Fields.KeyId(request.KeyId) ?? "" : null;
        var used = await usage.GetAsync(Fields.AccountId(request.AccountId), keyId, context.CancellationToken);
        return new()
        {
            Day = ToMessage(used.Day),
            DayEndsAt = Timestamp.FromDateTimeOffset(used.Windows.DayEndsAt),
            Month = ToMessage(used.Month),
            MonthEndsAt = Timestamp.FromDateTimeOffset(used.Windows.MonthEndsAt),
            Total = ToMessage(used.Total),
        };
    }

    public override async Task<SpendReportReply> ReportSpend(SpendReportRequest request, ServerCallContext context)
    {
        var report = ToReport(request);
        var limit = request.Limit == 0 ? DefaultLimit : (int)Fields.InRange("limit", request.Limit, 1, MostListed);
        var found = await usage.ReportAsync(report, limit + 1, context.CancellationToken);
        var page = found.Take(limit).ToList();
        return new() { Rows = { page.Select(ToMessage) }, NextCursor = found.Count > limit ? report.CursorAfter(page[^1]) : "" };
    }

    public override async Task<Totals> GetTotals(GetTotalsRequest request, ServerCallContext context)
    {
        var totals = await usage.TotalsAsync(context.CancellationToken);
        return new()
        {
            Day = ToMessage(totals.Day),
            Month = ToMessage(totals.Month),
            BalanceUsd = totals.Balance.ToString("0.#########", CultureInfo.InvariantCulture),
            HeldUsd = totals.Held.ToString("0.#########", CultureInfo.InvariantCulture),
            Accounts = totals.Accounts,
        };
    }

    private static SpendReport ToReport(SpendReportRequest request)
    {
        var (from, to) = (Day("from", request.From), Day("to", request.To));
        if (to < from)
        {
            throw Fields.Invalid("to", "must not be before from.");
        }

        if (to.DayNumber - from.DayNumber >= SpendReport.MostDays)
        {
            throw Fields.Invalid("to", $"must be at most {SpendReport.MostDays} days from from, both included.");
        }

        var groups = request.GroupBy.Select(ToGroup).Order().ToArray();
        if (groups.Distinct().Count() < groups.Length)
        {
            throw Fields.Invalid("group_by", "must name each group once.");
        }

        var account = request.AccountId.Length == 0 ? null : Fields.AccountId(request.AccountId);
        var after = request.Cursor.Length == 0
            ? null
            : SpendReport.ReadCursor(request.Cursor, groups) ?? throw Fields.Invalid("cursor", "is none that was given out for these groups.");
        return new(from, to, groups, account, after);
    }

    private static DateOnly Day(string field, string text) =>
        SpendReport.TryDay(text, out var day) && day.Year >= 2000 ? day : throw Fields.Invalid(field, "must be a day like 2026-11-21, from 2000 on.");

    private static SpendGroup ToGroup(WireGroup group) => group switch
    {
        WireGroup.Day => SpendGroup.Day,
        WireGroup.Account => SpendGroup.Account,
        WireGroup.Key => SpendGroup.Key,
        WireGroup.Model => SpendGroup.Model,
        _ => throw Fields.Invalid("group_by", "must be of day, account, key, model."),
    };

    private static WireRow ToMessage(SpendRow row)
    {
        var message = new WireRow { Sums = ToMessage(row.Sums) };
        Set(SpendGroup.Day, value => message.Day = value);
        Set(SpendGroup.Account, value => message.AccountId = value);
        Set(SpendGroup.Key, value => message.KeyId = value);
        Set(SpendGroup.Model, value => message.Model = value);
        return message;

        void Set(SpendGroup group, Action<string> set)
        {
            if (row.Values.TryGetValue(group, out var value))
            {
                set(value);
            }
        }
    }

    private static WireSums ToMessage(UsageSums sums) => new()
    {
        Requests = sums.Requests,
        InputTokens = sums.InputTokens,
        CachedInputTokens = sums.CachedInputTokens,
        CacheWriteTokens = sums.CacheWriteTokens,
        OutputTokens = sums.OutputTokens,
        ReasoningTokens = sums.ReasoningTokens,
        CostNanoUsd = sums.Cost.Value,
        WrittenOffNanoUsd = sums.WrittenOff.Value,
        ProviderCostNanoUsd = sums.ProviderCost.Value,
    };
}

using System.Buffers;
using LlmGateway.Gateway.Calls;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Gateway.Admin;

/// <summary>/admin/reports/spend, /admin/accounts/{id}/usage</summary>
internal sealed class UsageEndpoints(
    UsageApi.UsageApiClient usage, BillingApi.BillingApiClient accounts, AccountCheck check, BillingQuestion billing)
{
    private const int LongestAccountId = 128;

    private static readonly SearchValues<char> IdCharacters =
        SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.@:-");

    private static readonly Dictionary<string, SpendGroup> Groups = new()
    {
        ["day"] = SpendGroup.Day,
        ["account"] = SpendGroup.Account,
        ["key"] = SpendGroup.Key,
        ["model"] = SpendGroup.Model,
    };

    public async Task<AdminAnswer> ReportAsync(HttpContext context)
    {
        if (Read(context.Request.Query, out var request) is { } error)
        {
            return error;
        }

        return await billing.AskAsync(context, async () =>
        {
            var reply = await usage.ReportSpendAsync(request, cancellationToken: context.RequestAborted);
            var rows = reply.Rows.Select(row => SpendBody.From(row, AdminEndpoint.SeesInternals(context)));
            return AdminAnswer.Of(ListBody<SpendBody>.From(rows, reply.NextCursor), AdminJson.Wire.ListBodySpendBody);
        });
    }

    public async Task<AdminAnswer> OfAccountAsync(HttpContext context) => AdminQuery.Id(context, out var id) is { } error
        ? error
        : await check.UnknownAsync(context, id) ?? await billing.AskAsync(context, async () =>
        {
            var money = await accounts.GetBalanceAsync(new() { AccountId = id }, cancellationToken: context.RequestAborted);
            var used = await usage.GetUsageAsync(new() { AccountId = id }, cancellationToken: context.RequestAborted);
            return AdminAnswer.Of(AccountUsageBody.From(id, money, used, AdminEndpoint.SeesInternals(context)), AdminJson.Wire.AccountUsageBody);
        });

    internal static ApiError? Read(IQueryCollection query, out SpendReportRequest request)
    {
        request = new();
        if ((AdminQuery.Page(query, out var page)
            ?? AdminQuery.Text(query, "from", out _)
            ?? AdminQuery.Text(query, "to", out _)
            ?? AdminQuery.Text(query, "group_by", out _)
            ?? AdminQuery.Text(query, "account", out _)) is { } error)
        {
            return error;
        }

        var (from, to) = (query["from"].ToString(), query["to"].ToString());
        if (from.Length == 0 || to.Length == 0)
        {
            return ApiErrors.Missing(from.Length == 0 ? "from" : "to");
        }

        var account = query["account"].ToString();
        if (query.ContainsKey("account") && !IsAccountId(account))
        {
            return ApiErrors.Invalid("account", "1 to 128 characters of A-Z a-z 0-9 _ . @ : -");
        }

        (request.From, request.To, request.AccountId, request.Limit, request.Cursor) = (from, to, account, page.Limit, page.Cursor);
        return ReadGroups(query, request);
    }

    private static ApiError? ReadGroups(IQueryCollection query, SpendReportRequest request)
    {
        foreach (var name in query.ContainsKey("group_by") ? query["group_by"].ToString().Split(',') : ["day"])
        {
            if (!Groups.TryGetValue(name, out var group) || request.GroupBy.Contains(group))
            {
                return ApiErrors.Invalid("group_by", "a comma list of day, account, key and model, each at most once");
            }

            request.GroupBy.Add(group);
        }

        return null;
    }

    private static bool IsAccountId(string text) =>
        text.Length is > 0 and <= LongestAccountId && !text.AsSpan().ContainsAnyExcept(IdCharacters);
}

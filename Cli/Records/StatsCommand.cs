using System.Text.Json;
using LlmGateway.Cli.Output;

namespace LlmGateway.Cli.Records;

internal sealed class StatsCommand() : GatewayCommand("stats", "Counts accounts, tariffs and keys, and sums up the keys' limits, usage and money.", "stats", "stats --output json")
{
    private static readonly string[] TokenKinds = ["input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens"];

    protected override async Task RunAsync(Session session, CancellationToken cancellationToken)
    {
        var answer = await session.Gateway.GetAsync("/admin/stats", cancellationToken);
        session.Printer.Print(answer, stats => Printer.Record(Properties(stats)));
    }

    private static IEnumerable<(string Name, string Value)> Properties(JsonElement stats)
    {
        var (accounts, keys, limits) = (stats.GetProperty("accounts"), stats.GetProperty("keys"), stats.GetProperty("limits"));
        yield return ("accounts", $"{accounts.Text("total")}, {accounts.Text("revoked")} of them revoked");
        yield return ("tariffs", stats.Text("tariffs"));
        yield return ("keys", $"{keys.Text("active")} active, {keys.Text("expired")} expired, {keys.Text("revoked")} revoked");
        yield return ("used", $"{keys.Text("used_last_day")} keys in the last 24 hours");
        yield return ("limited", $"{limits.Text("keys")} keys, {limits.Text("total_tokens_sum")} tokens in all, {limits.Text("total_tokens_average")} on average");
        if (stats.GetProperty("money") is { ValueKind: JsonValueKind.Object } money)
        {
            yield return ("today", Used(money.GetProperty("day")));
            yield return ("this month", Used(money.GetProperty("month")));
            yield return ("balances", $"{money.Text("balance")} USD, {money.Text("held")} of it held");
        }
        else
        {
            yield return ("usage", "not known: Billing does not answer");
        }
    }

    private static string Used(JsonElement sums)
    {
        var tokens = TokenKinds.Sum(kind => sums.GetProperty(kind).GetInt64());
        var providers = sums.TryGetProperty("provider_cost", out _) ? $", of which providers get {sums.Text("provider_cost")}" : "";
        return $"{sums.Text("requests")} calls, {tokens} tokens, {sums.Text("cost")} USD{providers}";
    }
}

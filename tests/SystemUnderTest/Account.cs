using System.Net.Http.Json;
using System.Text.Json;

namespace LlmGateway.SystemUnderTest;

/// <summary>An account's money as its owner sees it.</summary>
public sealed record Balance(decimal Total, decimal Available, decimal Held)
{
    public static async Task<Balance> OfAsync(HttpClient http)
    {
        var json = await http.GetFromJsonAsync<JsonElement>("/billing/balance");
        return new Balance(json.GetProperty("balance").GetDecimal(), json.GetProperty("available").GetDecimal(), json.GetProperty("held").GetDecimal());
    }

    /// <summary>The balance once nothing is held any more. There is no signal to wait for: a client sees holds only by asking.</summary>
    public static async Task<Balance> WithoutHoldsAsync(HttpClient http, TimeSpan limit)
    {
        using var deadline = new CancellationTokenSource(limit);
        while (true)
        {
            var balance = await OfAsync(http);
            if (balance.Held == 0)
            {
                return balance;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), deadline.Token);
        }
    }
}

/// <summary>The price of a call on the catalogue's fake-chat model, computed the long way: decimals, one rounding, up.</summary>
public static class FakeChatPrice
{
    private const decimal InputPerToken = 0.000001234567m;
    private const decimal OutputPerToken = 0.000007654321m;
    private const decimal Markup = 1.25m;

    public static decimal Of(long promptTokens, long completionTokens)
    {
        var exact = (promptTokens * InputPerToken + completionTokens * OutputPerToken) * Markup;
        return Math.Ceiling(exact * 1_000_000_000m) / 1_000_000_000m;
    }
}

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LlmGateway.Cli.Connection;
using LlmGateway.Cli.Output;

namespace LlmGateway.Cli.Smoke;

/// <summary>One call of each kind, each checked for what a client would rely on.</summary>
internal sealed class SmokeCalls(GatewayClient gateway)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public async Task<string> HealthAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "health");
        using var response = await gateway.AskAsync(request, Patience, cancellationToken);
        var status = JsonElement.Parse(await response.Content.ReadAsStringAsync(cancellationToken)).Text("status");
        return response.IsSuccessStatusCode ? status : throw new FailedException($"{(int)response.StatusCode}: {status}");
    }

    public async Task<IReadOnlyList<string>> ModelsAsync(CancellationToken cancellationToken)
    {
        var answer = await gateway.GetAsync("/v1/models?format=list", cancellationToken);
        IReadOnlyList<string> models = [.. answer.Root.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString()!)];
        return models.Count > 0 ? models : throw new FailedException("There is no model that could be called.");
    }

    public async Task<string> ChatAsync(string model, CancellationToken cancellationToken)
    {
        var answer = await gateway.PostAsync("/v1/chat/completions", Call(model, stream: false), cancellationToken);
        answer.Root.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString();
        return $"{answer.Root.Text("model")}, {answer.Root.GetProperty("usage").Text("total_tokens")} tokens";
    }

    public async Task<string> StreamAsync(string model, CancellationToken cancellationToken)
    {
        using var content = new StringContent(Call(model, stream: true).ToJsonString(), Encoding.UTF8, "application/json");
        using var response = await gateway.OpenAsync(HttpMethod.Post, "/v1/chat/completions", content, Patience, cancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        var events = 0;
        var last = "";
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                events++;
                last = line["data: ".Length..];
            }
        }

        return last == "[DONE]" ? $"{events - 1} events" : throw new FailedException($"The stream ended after {events} events without [DONE].");
    }

    public async Task<string> BalanceAsync(CancellationToken cancellationToken)
    {
        var answer = await gateway.GetAsync("/billing/balance", cancellationToken);
        return $"{answer.Root.Text("balance")} {answer.Root.Text("currency")}";
    }

    private static JsonObject Call(string model, bool stream) => new()
    {
        ["model"] = model,
        ["stream"] = stream,
        ["max_tokens"] = 16,
        ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Say hello." }),
    };
}

using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace LlmGateway.Functional.Tests.Secrets;

/// <summary>An administrator who pastes a key where a text belongs, issues one, and restores documents that are none.</summary>
internal sealed class Administration(HttpClient http, string administrator)
{
    /// <returns>A key that was issued just now and has been used.</returns>
    public async Task<string> IssueAndUseAsync()
    {
        var issued = await SendAsync("/admin/keys", new JsonObject { ["name"] = "issued in this run", ["account_id"] = "issued" });
        issued.StatusCode.ShouldBe(HttpStatusCode.Created);
        var secret = (string)JsonNode.Parse(await issued.Content.ReadAsStringAsync())!["secret"]!;
        await UseAsync(secret, HttpMethod.Get, "/v1/models");
        return secret;
    }

    /// <returns>A token that stands for the key and has been used.</returns>
    public async Task<string> ExchangeAndUseAsync(string key)
    {
        var token = (string)JsonNode.Parse(await UseAsync(key, HttpMethod.Post, "/auth/token"))!["access_token"]!;
        await UseAsync(token, HttpMethod.Get, "/v1/models");
        return token;
    }

    private async Task<string> UseAsync(string secret, HttpMethod method, string path)
    {
        using var call = new HttpRequestMessage(method, path) { Headers = { Authorization = new("Bearer", secret) } };
        using var answer = await http.SendAsync(call);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        return await answer.Content.ReadAsStringAsync();
    }

    /// <summary>In every text that an administrator writes; each is refused and not repeated.</summary>
    /// <param name="secret">Of a key that is stored, or of the shape of a generated one.</param>
    public async Task PasteAsync(string secret)
    {
        await RefusedAsync(secret, "/admin/keys", new JsonObject { ["name"] = secret });
        await RefusedAsync(secret, "/admin/keys", new JsonObject { ["name"] = "a", ["description"] = $"the key is {secret}" });
        await RefusedAsync(secret, "/admin/keys", new JsonObject { ["name"] = "a", ["labels"] = new JsonObject { ["team"] = secret } });
        await RefusedAsync(secret, "/admin/keys", new JsonObject { ["name"] = "a", ["labels"] = new JsonObject { [secret] = "team" } });
        await RefusedAsync(secret, "/admin/keys", new JsonObject { ["name"] = "a", ["account_id"] = secret });
        await RefusedAsync(secret, "/admin/accounts", new JsonObject { ["id"] = secret });
        await RefusedAsync(secret, "/admin/accounts", new JsonObject { ["id"] = "pasted", ["description"] = secret });
        await RefusedAsync(secret, "/admin/restore", JsonValue.Create(secret));
        await RefusedAsync(secret, "/admin/restore", new JsonObject { [secret] = secret });
        await RefusedAsync(secret, "/admin/restore", new JsonObject
        {
            ["format"] = "llmgateway-keys",
            ["version"] = 1,
            ["created_at"] = secret,
            ["accounts"] = new JsonArray(new JsonObject { ["id"] = secret, [secret] = secret }),
        });
        await RefusedAsync(secret, "/admin/restore", new JsonObject
        {
            ["format"] = "llmgateway-keys",
            ["version"] = 1,
            ["created_at"] = "2026-01-01T00:00:00+00:00",
            ["accounts"] = new JsonArray(),
            ["tariffs"] = new JsonArray(),
            ["keys"] = new JsonArray(),
            ["checksum"] = secret,
        });
    }

    private async Task RefusedAsync(string secret, string path, JsonNode body)
    {
        var answer = await SendAsync(path, body);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest, $"{path} {body}");
        (await answer.Content.ReadAsStringAsync()).ShouldNotContain(secret);
    }

    private async Task<HttpResponseMessage> SendAsync(string path, JsonNode body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = JsonContent.Create(body),
            Headers = { Authorization = new("Bearer", administrator) },
        };
        return await http.SendAsync(request);
    }
}

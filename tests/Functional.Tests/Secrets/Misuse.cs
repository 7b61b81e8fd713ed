using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Functional.Tests.Secrets;

/// <summary>Clients that put a text where it does not belong. Answers do not matter here; that there is one does.</summary>
internal sealed class Misuse(Uri gateway, string caller)
{
    private static readonly string[] Paths =
    [
        "/{0}", "/v1/{0}/models", "/v1/models/{0}", "/v1/models/{0}?format=array", "/v1/models?key={0}&format={0}", "/v1/generations/{0}",
        "/admin/keys/{0}", "/admin/accounts/{0}", "/admin/keys?cursor={0}&limit={0}", "/billing/transactions?limit={0}&cursor={0}", "/usage?{0}",
        "/v1/chat/completions?api_key={0}", "/auth/token/{0}", "/health?{0}", "/ready/{0}", "/?{0}={0}", "/docs/{0}", "//{0}",
    ];

    private static readonly string[] Headers =
    [
        "User-Agent", "Referer", "Cookie", "Origin", "X-Request-Id", "X-Client-Request-Id", "X-Api-Key", "X-Internal-Auth", "X-Forwarded-For",
        "X-Forwarded-Host", "Forwarded", "traceparent", "Request-Id", "Correlation-Context", "baggage", "Accept", "Accept-Language", "Expect",
        "If-None-Match", "Upgrade", "Content-Encoding", "OpenAI-Organization", "anthropic-version", "X-HTTP-Method-Override",
    ];

    /// <summary>In every place that a request has beside its body.</summary>
    public async Task SendEverywhereAsync(string text)
    {
        foreach (var path in Paths)
        {
            var target = string.Format(null, path, text);
            await SendAsync($"GET {target} HTTP/1.1", $"Authorization: Bearer {caller}");
            await SendAsync($"POST {target} HTTP/1.1", $"Authorization: Bearer {text}", "Content-Length: 0");
        }

        foreach (var header in Headers)
        {
            await SendAsync("GET /v1/models HTTP/1.1", $"Authorization: Bearer {caller}", $"{header}: {text}");
        }

        foreach (var authorization in (string[])["{0}", "Basic {0}", "Token {0}", "Bearer {0}", "Bearer {0} {0}", "bearer  {0}x", "Bearer {0}{0}{0}{0}{0}{0}{0}{0}{0}{0}{0}{0}{0}{0}{0}"])
        {
            await SendAsync("GET /v1/models HTTP/1.1", "Authorization: " + string.Format(null, authorization, text));
            await SendAsync("POST /auth/token HTTP/1.1", "Authorization: " + string.Format(null, authorization, text), "Content-Length: 0");
        }

        var trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        await SendAsync("GET /v1/models HTTP/1.1", $"Authorization: Bearer {caller}", $"traceparent: {trace}", $"tracestate: vendor={text}", $"baggage: a={text}");
        await SendAsync($"{text} / HTTP/1.1");
        await SendAsync($"{text} /v1/models HTTP/1.1", $"Authorization: Bearer {caller}");
        await SendAsync($"GET /v1/models HTTP/1.1 {text}");
        await SendAsync(text);
        await SendAsync($"GET /\0{text} HTTP/1.1");
        await SendAsync("GET /v1/models HTTP/1.1", $"{text}: {text}", $"Broken {text}");
        await SendAsync("GET /v1/models HTTP/1.1", $"X-Broken: {text}\u0001");
        await SendAsync("POST /v1/chat/completions HTTP/1.1", $"Authorization: Bearer {caller}", $"Content-Length: {text}");
        await SendAsync("POST /v1/chat/completions HTTP/1.1", $"Authorization: Bearer {caller}", $"Transfer-Encoding: {text}");
        await SendAsync("POST /v1/chat/completions HTTP/1.1", $"Authorization: Bearer {caller}", $"Content-Type: {text}/{text}", "Content-Length: 2", "", "{}");
        await SendAsync("GET /v1/models HTTP/1.1\r\nHost: " + text);
        await SendAsync($"GET http://{text}/v1/models HTTP/1.1", $"Authorization: Bearer {caller}");
    }

    /// <summary>In every place that a call's body has, and as the whole of it.</summary>
    public async Task SendInBodiesAsync(string text)
    {
        object[] bodies =
        [
            new { model = text, messages = new[] { new { role = "user", content = text } } },
            new { model = text, messages = new[] { new { role = "user", content = text } }, stream = true },
            new { model = GatewaySystem.Model, messages = new[] { new { role = text, content = text, name = text } }, user = text },
            new { model = GatewaySystem.Model, messages = text },
            new { model = GatewaySystem.Model, messages = new[] { new { role = "user", content = text } }, stream = text },
            new { model = GatewaySystem.Model, messages = new[] { new { role = "user", content = text } }, max_tokens = text, temperature = text },
            new Dictionary<string, string> { [text] = text, ["model"] = text },
        ];
        foreach (var body in bodies)
        {
            await PostAsync(JsonSerializer.Serialize(body));
        }

        await PostAsync(text);
        await PostAsync($$"""{"model": "{{text}}", "messages": [{"role": "user", "content": "{{text}}" {{text}}""");
        await PostAsync($$"""{"model": {{text}}}""");
    }

    public Task PostAsync(string body) => SendAsync(
        "POST /v1/chat/completions HTTP/1.1", $"Authorization: Bearer {caller}", "Content-Type: application/json",
        $"Content-Length: {Encoding.UTF8.GetByteCount(body)}", "", body);

    // Through a socket: an HttpClient refuses most of this.
    private async Task SendAsync(string start, params string[] rest)
    {
        var lines = rest.Contains("") ? [start, .. rest] : (string[])[start, .. rest, "", ""];
        string[] always = start.Contains("\r\nHost:") ? ["Connection: close"] : [$"Host: {gateway.Authority}", "Connection: close"];
        lines = [lines[0], .. always, .. lines[1..]];

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var socket = new TcpClient();
        await socket.ConnectAsync(gateway.Host, gateway.Port, limit.Token);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(string.Join("\r\n", lines)), limit.Token);
        try
        {
            await stream.CopyToAsync(Stream.Null, limit.Token);
        }
        catch (IOException)
        {
            // Reset: what was sent could not be read to its end.
        }
    }
}

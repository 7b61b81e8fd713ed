using System.Text;
using LlmGateway.FakeProvider;

namespace LlmGateway.Clients.Tests.Wires;

/// <summary>One fake provider for a class of tests, and a client without manners: it sends and shows bytes as they are.</summary>
public sealed class FakeFixture : IAsyncLifetime
{
    private readonly HttpClient _http = new();

    public FakeProviderServer Provider { get; private set; } = null!;

    public async Task InitializeAsync() => Provider = await FakeProviderServer.StartAsync();

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await (Provider?.DisposeAsync() ?? default);
    }

    public async Task<(int Status, string Body, HttpResponseMessage Response)> PostAsync(string path, string body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Provider.Address + path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        var response = await _http.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(), response);
    }

    public Task<(int Status, string Body, HttpResponseMessage Response)> AnthropicAsync(string body) =>
        PostAsync("/v1/messages", body, ("anthropic-version", "2023-06-01"));

    public Task<(int Status, string Body, HttpResponseMessage Response)> GeminiAsync(string body, string model = "gemini-2.5-flash") =>
        PostAsync($"/v1beta/models/{model}:generateContent", body);
}

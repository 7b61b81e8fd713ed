using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Functional.Tests;

/// <summary>A key just made, and where it is to be found.</summary>
public sealed record IssuedKey(string Id, string Secret);

/// <summary>Two gateways on the same services, for tests that kill Keys.Service or cut the way to it, one after the other.</summary>
public sealed class KeysSystem : IAsyncLifetime
{
    public const string Name = "A system of keys";

    public const string InternalKey = "sk-functional-tests-internal";

    /// <summary>Signs the tokens of an outside issuer.</summary>
    public const string JwtSecret = "a-secret-of-the-functional-tests-of-tokens";

    /// <summary>For what is waited for.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Far earlier than the ten seconds after which a key is verified anew: it was the stream of changes that told the gateway.
    /// On a machine with nothing else to do it is a second, see <see cref="KeysFloodTests"/>.</summary>
    public static readonly TimeSpan ByTheStream = TimeSpan.FromSeconds(5);

    private GatewaySystem? _system;

    public GatewaySystem System => _system ?? throw new InvalidOperationException("The system has not been started.");

    public HttpClient First { get; private set; } = new();

    public HttpClient Second { get; private set; } = new();

    public async Task InitializeAsync()
    {
        _system = await GatewaySystem.StartAsync(new SystemSettings
        {
            WithSecondGateway = true,
            Environment = { ["INTERNAL_API_KEY"] = InternalKey, ["Billing__CacheHitPrice"] = "0.000001", ["Shutdown__CallsSeconds"] = "1", ["JWT_SECRET_KEY"] = JwtSecret, ["Auth__UseReportSeconds"] = "1" },
        });
        First.BaseAddress = _system.Gateway;
        Second.BaseAddress = _system.SecondGateway;
    }

    public async Task DisposeAsync()
    {
        First.Dispose();
        Second.Dispose();
        if (_system is not null)
        {
            await _system.DisposeAsync();
        }
    }

    /// <summary>Starts what a test has killed, and returns when both gateways ask Keys.Service again.</summary>
    public async Task StartAgainAsync(string resource)
    {
        await System.StartAgainAsync(resource);
        var key = await IssueAsync(new { name = $"after {resource}" });
        await UntilAsync(First, key.Secret, HttpStatusCode.OK, Limit);
        await UntilAsync(Second, key.Secret, HttpStatusCode.OK, Limit);
    }

    public async Task<IssuedKey> IssueAsync(object body)
    {
        var key = await AdminAsync(HttpMethod.Post, "/admin/keys", body);
        return new(key.GetProperty("id").GetString()!, key.GetProperty("secret").GetString()!);
    }

    public Task RevokeAsync(IssuedKey key) => AdminAsync(HttpMethod.Post, $"/admin/keys/{key.Id}/revoke");

    public async Task<JsonElement> AdminAsync(HttpMethod method, string path, object? body = null)
    {
        using var response = await SendAsync(First, GatewaySystem.AdminKey, method, path, body);
        response.IsSuccessStatusCode.ShouldBeTrue($"{path}: {await response.Content.ReadAsStringAsync()}");
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    /// <summary>What a request for the models answers, which needs a key and nothing else.</summary>
    public static async Task<(HttpStatusCode Status, string? Code)> TryAsync(HttpClient gateway, string secret)
    {
        using var response = await SendAsync(gateway, secret, HttpMethod.Get, "/v1/models");
        return (response.StatusCode, await CodeOfAsync(response));
    }

    public static async Task<HttpResponseMessage> SendAsync(HttpClient gateway, string secret, HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        request.Content = body is null ? null : JsonContent.Create(body);
        return await gateway.SendAsync(request);
    }

    public static async Task<string?> CodeOfAsync(HttpResponseMessage response) => response.IsSuccessStatusCode
        ? null
        : (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error").GetProperty("code").GetString();

    /// <summary>How long it takes until the gateway answers so.</summary>
    public static async Task<TimeSpan> UntilAsync(HttpClient gateway, string secret, HttpStatusCode status, TimeSpan limit)
    {
        var began = Stopwatch.GetTimestamp();
        while ((await TryAsync(gateway, secret)).Status != status)
        {
            Stopwatch.GetElapsedTime(began).ShouldBeLessThan(limit, $"the answer was to become {status}");
            await Task.Delay(10);
        }

        return Stopwatch.GetElapsedTime(began);
    }
}

using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LlmGateway.FakeProvider;

/// <summary>
/// A server that speaks OpenAI's chat wire as OpenAI does, misbehaves on demand, and remembers every call. It runs on
/// Kestrel inside the test's process, on a free port of 127.0.0.1.
/// <code>
/// await using var provider = await FakeProviderServer.StartAsync();
/// provider.On("gpt-4o", new Script { Chunks = 20, ChunkDelay = TimeSpan.FromMilliseconds(10) });
/// provider.On("gpt-4o-mini", Script.Error(429, retryAfter: "7"), new Script());   // in turn; the last one stays
///
/// // point the system at provider.BaseUrl (OPENAI_BASE_URL or LLM_SERVER_URL), make calls, then:
/// provider.Calls.Single().MaxTokens.ShouldBe(100);
/// provider.Tally("gpt-4o").CompletionTokens.ShouldBe(20);   // what the provider itself would put on its bill
/// </code>
/// Calls wait at a gate until the test opens it: <c>var gate = new Gate(); new Script { Gate = gate }</c>,
/// <c>await gate.ReachedAsync(200); gate.Open();</c>. A model that no rule names gets the script that its own name asks
/// for (<see cref="Script.ForModel"/>), so that a system started once can meet every fault.
/// </summary>
public sealed class FakeProviderServer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, RuleQueue> _rules = new();
    private readonly ConcurrentQueue<ProviderCall> _calls = new();
    private readonly WebApplication _app;
    private int _ids;

    private FakeProviderServer(WebApplication app)
    {
        _app = app;
        app.UseRouting();
        app.MapGet("/v1/models", ListModels);
        app.MapPost("/v1/chat/completions", CompleteAsync);
        app.MapFallback(static context => ChatWire.WriteErrorAsync(context, Script.Error(404,
            message: $"Invalid URL ({context.Request.Method} {context.Request.Path})", type: "invalid_request_error")));
    }

    /// <summary>The API's root with /v1, without a slash at the end.</summary>
    public string BaseUrl => Address + "/v1";

    /// <summary>The server's address without a path.</summary>
    public string Address { get; private set; } = "";

    /// <summary>The only key that is accepted; null accepts any, and none.</summary>
    public string? RequiredKey { get; set; }

    /// <summary>What /v1/models lists. <see cref="On"/> adds to it.</summary>
    public ConcurrentDictionary<string, bool> Models { get; } = new() { ["fake-model"] = true };

    /// <summary>Every call received by /v1/chat/completions, in order of arrival.</summary>
    public IReadOnlyCollection<ProviderCall> Calls => _calls;

    /// <summary>Starts a server. A port of 0 takes a free one.</summary>
    public static async Task<FakeProviderServer> StartAsync(int port = 0)
    {
        // Empty: the appsettings.json of whatever service the test refers to lies beside it, with addresses of its own.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        var server = new FakeProviderServer(app);
        await app.StartAsync();
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        server.Address = addresses.Addresses.Single().TrimEnd('/');
        return server;
    }

    /// <summary>Answers a model's calls with the scripts in turn; the last one stays. Replaces the model's earlier rule.</summary>
    public void On(string model, params Script[] scripts)
    {
        ArgumentOutOfRangeException.ThrowIfZero(scripts.Length);
        _rules[model] = new RuleQueue(scripts);
        Models[model] = true;
    }

    /// <summary>The calls of one model.</summary>
    public IReadOnlyList<ProviderCall> CallsOf(string model) => [.. _calls.Where(call => call.Model == model)];

    /// <summary>What the provider generated and reported for a model, over all its calls.</summary>
    public Tally Tally(string model) => LlmGateway.FakeProvider.Tally.Of(CallsOf(model));

    /// <summary>Waits until a model's call has come to its end: finished, cut, or left by the client.</summary>
    public Task EndedAsync(string model, int calls = 1) => WaitForAsync(() => CallsOf(model).Count(call => call.Ended.IsCompleted) >= calls);

    public async ValueTask DisposeAsync()
    {
        // Calls that stall on purpose must not hold the test's end back.
        using var atOnce = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
    }

    private static async Task WaitForAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!condition())
        {
            await Task.Delay(10, deadline.Token);
        }
    }

    private Task ListModels(HttpContext context) =>
        ChatWire.WriteJsonAsync(context, ChatWire.Models(Models.Keys.Order(StringComparer.Ordinal)));

    private async Task CompleteAsync(HttpContext context)
    {
        using var memory = new MemoryStream();
        await context.Request.Body.CopyToAsync(memory, context.RequestAborted);
        var call = ProviderCall.Read(Interlocked.Increment(ref _ids), memory.ToArray(), context.Request.Headers);
        _calls.Enqueue(call);
        try
        {
            var refusal = Refuse(call);
            var script = refusal ?? (_rules.TryGetValue(call.Model, out var rule) ? rule.Next() : Script.ForModel(call.Model));
            await new Performance(context, call, script).RunAsync();
        }
        finally
        {
            call.MarkEnded(leftByClient: context.RequestAborted.IsCancellationRequested);
        }
    }

    /// <summary>What OpenAI itself checks before it answers.</summary>
    private Script? Refuse(ProviderCall call)
    {
        if (RequiredKey is { } key && call.Authorization != "Bearer " + key)
        {
            return Script.Error(401, code: "invalid_api_key", message: "Incorrect API key provided: sk-****.");
        }

        if (call.Json.ValueKind != JsonValueKind.Object)
        {
            return Script.Error(400, message: "We could not parse the JSON body of your request.");
        }

        if (!call.Json.TryGetProperty("messages", out var messages) || messages.ValueKind != JsonValueKind.Array)
        {
            return Script.Error(400, code: "missing_required_parameter", param: "messages",
                message: "Missing required parameter: 'messages'.");
        }

        if (!call.Stream && call.Json.TryGetProperty("stream_options", out var options) && options.ValueKind != JsonValueKind.Null)
        {
            return Script.Error(400, param: "stream_options",
                message: "The 'stream_options' parameter is only allowed when 'stream' is enabled.");
        }

        return call.Json.TryGetProperty("max_tokens", out _) && call.Json.TryGetProperty("max_completion_tokens", out _)
            ? Script.Error(400, param: "max_tokens", message: "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.")
            : null;
    }

    private sealed class RuleQueue(Script[] scripts)
    {
        private int _next = -1;

        public Script Next() => scripts[Math.Min(Interlocked.Increment(ref _next), scripts.Length - 1)];
    }
}

using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.FakeProvider;

/// <summary>
/// A server that speaks the wires of OpenAI, Anthropic and Gemini as the vendors do, checks what they check, misbehaves on demand, and
/// remembers every call. It runs on Kestrel inside the test's process, on a free port of 127.0.0.1.
/// <code>
/// await using var provider = await FakeProviderServer.StartAsync();
/// provider.On("gpt-4o", new Script { Chunks = 20, ChunkDelay = TimeSpan.FromMilliseconds(10) });
/// provider.On("claude-sonnet-5", Script.Fails(Fault.Overloaded, retryAfter: "7"), new Script());   // in turn; the last one stays
/// provider.On("gemini-3-pro", new Script { Thinking = ["Hm. "], ToolCalls = [new("weather", """{"city":"Oslo"}"""), new("time")] });
///
/// // point the system at provider.BaseUrl (OpenAI, Anthropic) or provider.GeminiUrl, make calls, then:
/// provider.CallsOf("gpt-4o").Single().MaxTokens.ShouldBe(100);
/// provider.Tally("gpt-4o").CompletionTokens.ShouldBe(20);   // what the provider itself would put on its bill
/// </code>
/// Calls wait at a gate until the test opens it: <c>var gate = new Gate(); new Script { Gate = gate }</c>,
/// <c>await gate.ReachedAsync(200); gate.Open();</c>. A model that no rule names gets the script that its own name asks
/// for (<see cref="Script.ForModel"/>), so that a system started once can meet every fault.
/// </summary>
public sealed class FakeProviderServer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Rule> _rules = new();
    private readonly ConcurrentDictionary<string, Rule> _keyRules = new();
    private readonly ConcurrentQueue<ProviderCall> _calls = new();
    private readonly Signatures _signatures = new();
    private readonly WebApplication _app;
    private int _ids;

    private FakeProviderServer(WebApplication app)
    {
        _app = app;
        app.UseRouting();
        app.MapGet("/v1/models", ListModels);
        app.MapGet("/v1beta/models", context => WriteJsonAsync(context, GeminiWire.Models(Names)));
        foreach (var root in new[] { "/v1", "/openai/v1", "/openai/deployments/{model}" })
        {
            Map(root + "/chat/completions", Endpoint.Chat);
            Map(root + "/completions", Endpoint.Completions);
            Map(root + "/embeddings", Endpoint.Embeddings);
        }

        Map("/v1/responses", Endpoint.Responses);
        Map("/openai/v1/responses", Endpoint.Responses);
        Map("/v1/messages", Endpoint.Messages);
        Map("/v1/messages/count_tokens", Endpoint.CountTokens);
        Map("/v1beta/models/{model}:generateContent", Endpoint.GenerateContent);
        Map("/v1beta/models/{model}:streamGenerateContent", Endpoint.GenerateContent);
        Map("/v1beta/models/{model}:batchEmbedContents", Endpoint.EmbedContents);
        Map("/v1beta/models/{model}:embedContent", Endpoint.EmbedContents);
        app.MapFallback(static context =>
        {
            context.Response.StatusCode = 404;
            return WriteJsonAsync(context, $$$"""{"error":{"message":"Invalid URL ({{{context.Request.Method}}} {{{context.Request.Path}}})","type":"invalid_request_error","param":null,"code":null}}""");
        });
    }

    /// <summary>The root of OpenAI's and Anthropic's API with /v1, without a slash at the end.</summary>
    public string BaseUrl => Address + "/v1";

    /// <summary>The root of Gemini's API, without a slash at the end.</summary>
    public string GeminiUrl => Address + "/v1beta";

    /// <summary>Azure's endpoint: the paths below it are /openai/deployments/… and /openai/v1/….</summary>
    public string AzureUrl => Address;

    /// <summary>The server's address without a path.</summary>
    public string Address { get; private set; } = "";

    /// <summary>A key that is accepted; null, without <see cref="RequiredKeys"/>, accepts any, and none.</summary>
    public string? RequiredKey { get; set; }

    /// <summary>Keys that are accepted besides.</summary>
    public IReadOnlyCollection<string> RequiredKeys { get; set; } = [];

    /// <summary>What /v1/models lists. <see cref="On"/> adds to it.</summary>
    public ConcurrentDictionary<string, bool> Models { get; } = new() { ["fake-model"] = true };

    /// <summary>Every call received, in order of arrival.</summary>
    public IReadOnlyCollection<ProviderCall> Calls => _calls;

    private IEnumerable<string> Names => Models.Keys.Order(StringComparer.Ordinal);

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
    public void On(string model, params Script[] scripts) => Set(model, new Rule.InTurn(Known(scripts), cycle: false));

    /// <summary>As <see cref="On"/>, but the first script follows the last: a provider that flaps by count.</summary>
    public void Cycle(string model, params Script[] scripts) => Set(model, new Rule.InTurn(Known(scripts), cycle: true));

    /// <summary>A provider that flaps by time: each script is played for its span, over and over, from now on.</summary>
    public void Flap(string model, TimeProvider time, params (TimeSpan For, Script Script)[] spans)
    {
        Known([.. spans.Select(span => span.Script)]);
        Set(model, new Rule.ByTime(time, spans));
    }

    /// <summary>Answers what comes with this provider key, whatever the model, with the scripts in turn; without scripts the model's rule counts again.</summary>
    public void OnKey(string key, params Script[] scripts)
    {
        if (scripts.Length == 0)
        {
            _keyRules.TryRemove(key, out _);
        }
        else
        {
            _keyRules[key] = new Rule.InTurn(Known(scripts), cycle: false);
        }
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

    private static Task WriteJsonAsync(HttpContext context, string json)
    {
        context.Response.ContentType = "application/json";
        return context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(json), context.RequestAborted).AsTask();
    }

    private Task ListModels(HttpContext context) =>
        WriteJsonAsync(context, context.Request.Headers.ContainsKey("anthropic-version") ? AnthropicWire.Models(Names) : OpenAiWire.Models(Names));

    private void Map(string path, Endpoint endpoint) => _app.MapPost(path, context => AnswerAsync(context, endpoint));

    private void Set(string model, Rule rule)
    {
        _rules[model] = rule;
        Models[model] = true;
    }

    private Script[] Known(Script[] scripts)
    {
        ArgumentOutOfRangeException.ThrowIfZero(scripts.Length);
        foreach (var script in scripts)
        {
            _signatures.Add(script);
        }

        return scripts;
    }

    private async Task AnswerAsync(HttpContext context, Endpoint endpoint)
    {
        var call = await ProviderCall.ReadAsync(Interlocked.Increment(ref _ids), endpoint, context.Request);
        _calls.Enqueue(call);
        try
        {
            await new Performance(context, call, ScriptOf(call)).RunAsync();
        }
        finally
        {
            call.MarkEnded(leftByClient: context.RequestAborted.IsCancellationRequested);
        }
    }

    private Script ScriptOf(ProviderCall call)
    {
        if (KeyFault(call) is { } fault)
        {
            return Script.Fails(fault);
        }

        if (Check(call) is { } error)
        {
            return new Script { Failure = error };
        }

        return call.Key is { } key && _keyRules.TryGetValue(key, out var rule) ? rule.Next()
            : _rules.TryGetValue(call.Model, out rule) ? rule.Next()
            : Script.ForModel(call.Model);
    }

    private Fault? KeyFault(ProviderCall call)
    {
        var open = RequiredKey is null && RequiredKeys.Count == 0;
        return open || (call.Key is { } key && (key == RequiredKey || RequiredKeys.Contains(key))) ? null
            : call.Key is null ? Fault.NoKey : Fault.WrongKey;
    }

    private ProviderError? Check(ProviderCall call) => call.Endpoint switch
    {
        _ when call.Path.StartsWith("/openai/deployments/", StringComparison.Ordinal) && !call.Query.Contains("api-version=", StringComparison.Ordinal) =>
            new ProviderError(404, "Resource not found", Code: "404"),
        Endpoint.Chat => new ChatChecks(call).Find(),
        Endpoint.Completions => Required(call, "prompt"),
        Endpoint.Embeddings => Required(call, "input"),
        Endpoint.Responses => new ResponsesChecks(call).Find(),
        Endpoint.Messages or Endpoint.CountTokens => new AnthropicChecks(call, _signatures).Find(),
        Endpoint.GenerateContent => new GeminiChecks(call, _signatures).Find(),
        Endpoint.EmbedContents => GeminiChecks.Embedding(call),
        _ => null,
    };

    private static ProviderError? Required(ProviderCall call, string name) => call.Json.Has(name) ? null
        : new ProviderError(400, $"Missing required parameter: '{name}'.", Code: "missing_required_parameter", Param: name);
}

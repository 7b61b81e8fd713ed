using System.Text.Json;
using LlmGateway.FakeProvider;

namespace LlmGateway.Clients.Tests.Wires;

/// <summary>The vendors' npm clients against the fake provider, once: wires.mjs runs the cases, the tests judge what the clients saw.</summary>
public sealed class WireRun : IAsyncLifetime
{
    private const string Key = "sk-one";
    private NodeScript _script = null!;
    private FakeProviderServer _provider = null!;

    public FakeProviderServer Provider => _provider;

    public async Task InitializeAsync()
    {
        _provider = await FakeProviderServer.StartAsync();
        _provider.RequiredKeys = [Key, "sk-two"];
        var tools = new Script { ToolCalls = [new("weather", """{"city":"Oslo"}"""), new("now", "")] };
        _provider.On("plain", new Script { PromptTokens = 20, CachedTokens = 3, CacheWriteTokens = 2, CacheWrite1hTokens = 1 });
        _provider.On("thinking", new Script { Thinking = ["Hm. ", "Well."] });
        _provider.On("tools", tools);
        _provider.On("long", new Script { Stop = Stop.MaxTokens });
        _provider.On("refused", new Script { Stop = Stop.Refusal });
        _provider.On("rate", Script.Fails(Fault.RateLimited, retryAfter: "7"));
        _provider.On("overloaded", Script.Fails(Fault.Overloaded));
        _provider.On("policy", Script.Fails(Fault.ContentPolicy));
        _provider.On("context", Script.Fails(Fault.PromptTooLong));
        _provider.On("cut", new Script { Ending = Ending.Cut, EndAfter = 2 });
        _provider.On("broken", new Script { Ending = Ending.ErrorEvent, EndAfter = 2 });
        _provider.Cycle("turns", tools with { Thinking = ["Hm."] }, new Script { Pieces = ["It is cold."] });
        _provider.Cycle("gemini-3-turns", tools, new Script { Pieces = ["It is cold."] });
        _script = await NodeScript.RunAsync("wires.mjs", ("BASE_URL", _provider.Address), ("KEY", Key));
    }

    public JsonElement Result(string name) => _script.Result(name);

    public async Task DisposeAsync() => await (_provider?.DisposeAsync() ?? default);
}

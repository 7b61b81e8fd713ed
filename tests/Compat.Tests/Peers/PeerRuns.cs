using System.Text.Json;
using Grpc.Net.Client;
using LlmGateway.Compat.Tests.Grpc;

namespace LlmGateway.Compat.Tests.Peers;

/// <summary>One run of a peer's client against our server: a verdict a case.</summary>
public sealed class PeerClientRun<TLanguage> : IAsyncLifetime
    where TLanguage : PeerLanguage, new()
{
    private static readonly TimeSpan CaseLimit = TimeSpan.FromSeconds(30);
    private readonly Dictionary<string, string?> _failures = [];
    private string _errors = "";

    public async Task InitializeAsync()
    {
        await using var language = new TLanguage();
        await using var host = await PeerHost.StartAsync();
        await using var client = await language.StartClientAsync($"127.0.0.1:{host.Port}");
        while (await client.ReadLineAsync(CaseLimit) is { } line)
        {
            var verdict = JsonDocument.Parse(line).RootElement;
            _failures[verdict.GetProperty("case").GetString()!] =
                verdict.GetProperty("ok").GetBoolean() ? null : verdict.GetProperty("detail").GetString();
        }

        _errors = await client.ErrorsAsync();
    }

    public void Passed(string name)
    {
        _failures.ShouldContainKey(name, $"The client reported nothing about this case. Its standard error: {_errors}");
        _failures[name].ShouldBeNull();
    }

    public Task DisposeAsync() => Task.CompletedTask;
}

/// <summary>A peer's server and a channel of ours to it.</summary>
public sealed class PeerServerRun<TLanguage> : IAsyncLifetime
    where TLanguage : PeerLanguage, new()
{
    private readonly TLanguage _language = new();
    private PeerProcess? _server;

    public GrpcChannel Channel { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        _server = await _language.StartServerAsync();
        var line = await _server.ReadLineAsync(TimeSpan.FromSeconds(20))
            ?? throw new InvalidOperationException($"The server ended: {await _server.ErrorsAsync()}");
        Channel = GrpcChannel.ForAddress($"http://127.0.0.1:{JsonDocument.Parse(line).RootElement.GetProperty("port").GetInt32()}");
    }

    public async Task DisposeAsync()
    {
        Channel?.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        await _language.DisposeAsync();
    }
}

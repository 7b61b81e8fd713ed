using System.Diagnostics;
using System.Text.Json;
using LlmGateway.Testing;

namespace LlmGateway.Clients.Tests;

/// <summary>A script of node/ in a process of its own. Each line that it prints is a case: its name, and its result or error.</summary>
internal sealed class NodeScript
{
    private readonly Dictionary<string, JsonElement> _cases = [];

    private NodeScript()
    {
    }

    public static async Task<NodeScript> RunAsync(string file, params (string Name, string Value)[] environment)
    {
        var folder = Path.Combine(RepositoryRoot.Path, "tests/Clients/node");
        Directory.Exists(Path.Combine(folder, "node_modules/openai")).ShouldBeTrue($"The npm clients are missing: run 'npm ci' in {folder}.");
        var start = new ProcessStartInfo("node", [Path.Combine(folder, file)])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var script = new NodeScript();
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            var entry = JsonDocument.Parse(line).RootElement;
            script._cases.Add(entry.GetProperty("case").GetString()!, entry);
        }

        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, await errors);
        return script;
    }

    public JsonElement Result(string name)
    {
        _cases.ShouldContainKey(name);
        var entry = _cases[name];
        return entry.TryGetProperty("result", out var result) ? result : throw new InvalidOperationException(entry.GetProperty("error").GetString());
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Cli.Tests;

/// <summary>What one run of llmgw said.</summary>
public sealed record Run(int ExitCode, string Out, string Error)
{
    public JsonElement Json => JsonElement.Parse(Out);
}

/// <summary>The command line as its users start it: a process of its own, with pipes or a terminal.</summary>
public sealed class Llmgw(Uri gateway, string adminKey)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "llmgw.dll");

    /// <summary>Everything that every run has written, for tests that look for what must not be there.</summary>
    public static ConcurrentQueue<string> Written { get; } = new();

    public static Llmgw Of(GatewaySystem system) => new(system.Gateway, GatewaySystem.AdminKey);

    public Task<Run> RunAsync(params string[] args) => RunAsync("dotnet", [Program, .. args]);

    /// <summary>Fails the test unless the exit code is 0.</summary>
    public async Task<Run> SucceedAsync(params string[] args)
    {
        var run = await RunAsync(args);
        run.ExitCode.ShouldBe(0, run.Error);
        return run;
    }

    public async Task<JsonElement> JsonAsync(params string[] args) => (await SucceedAsync([.. args, "--output", "json"])).Json;

    public async Task<Run> RunAsync(string program, IEnumerable<string> args, Action<ProcessStartInfo>? prepare = null)
    {
        using var process = Start(program, args, prepare);
        process.StandardInput.Close();
        return await EndAsync(process, await process.StandardOutput.ReadToEndAsync().WaitAsync(Limit));
    }

    /// <summary>In a pseudo-terminal, where both outputs are one; the answer is typed when the question is there.</summary>
    public async Task<Run> InTerminalAsync(string answer, params string[] args)
    {
        var command = string.Join(' ', new[] { "dotnet", Program }.Concat(args).Select(arg => $"'{arg}'"));
        using var process = Start("script", ["-qec", command, "/dev/null"]);
        var text = "";
        var buffer = new char[1024];
        while (await process.StandardOutput.ReadAsync(buffer).AsTask().WaitAsync(Limit) is > 0 and var count)
        {
            var asked = text.Contains("[y/N] ", StringComparison.Ordinal);
            text += new string(buffer, 0, count);
            if (!asked && text.Contains("[y/N] ", StringComparison.Ordinal))
            {
                await process.StandardInput.WriteLineAsync(answer);
                await process.StandardInput.FlushAsync();
            }
        }

        return await EndAsync(process, text);
    }

    private static async Task<Run> EndAsync(Process process, string output)
    {
        var error = await process.StandardError.ReadToEndAsync().WaitAsync(Limit);
        await process.WaitForExitAsync().WaitAsync(Limit);
        Written.Enqueue(output);
        Written.Enqueue(error);
        return new(process.ExitCode, output, error);
    }

    private Process Start(string program, IEnumerable<string> args, Action<ProcessStartInfo>? prepare = null)
    {
        var start = new ProcessStartInfo(program, args)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["LLMGW_URL"] = gateway.ToString(),
                ["ADMIN_API_KEY"] = adminKey,
                ["LLMGATEWAY_STATE"] = "/nonexistent",
                ["LLMGATEWAY_ENV_FILE"] = "/dev/null",
                ["NO_COLOR"] = "",
            },
        };
        prepare?.Invoke(start);
        return Process.Start(start)!;
    }
}

using System.Diagnostics;
using System.Reflection;

namespace LlmGateway.Compat.Tests.Peers;

/// <summary>A peer in another language. It ends when its standard input does, so a killed test run leaves none behind.</summary>
internal sealed class PeerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;

    private PeerProcess(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>tests/Compat.Tests in the source tree.</summary>
    public static string ProjectDirectory { get; } = typeof(PeerProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "ProjectDirectory").Value!;

    public static string Proto => Path.Combine(ProjectDirectory, "Grpc", "Protos", "peer.proto");

    public static PeerProcess Start(string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new PeerProcess(Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start."));
    }

    /// <summary>Null at the end of the output.</summary>
    public async Task<string?> ReadLineAsync(TimeSpan limit)
    {
        using var source = new CancellationTokenSource(limit);
        return await _process.StandardOutput.ReadLineAsync(source.Token);
    }

    /// <summary>What it wrote to standard error; only after it has ended.</summary>
    public async Task<string> ErrorsAsync()
    {
        Stop();
        return await _errors;
    }

    public async ValueTask DisposeAsync()
    {
        Stop();
        await _process.WaitForExitAsync();
        await _errors;
        _process.Dispose();
    }

    private void Stop()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(2)))
        {
            _process.Kill();
        }
    }
}

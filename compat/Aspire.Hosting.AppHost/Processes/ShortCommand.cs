using System.Diagnostics;

namespace Aspire.Hosting.Processes;

/// <summary>A helper program that ends by itself: initdb, chown, dotnet msbuild.</summary>
internal static class ShortCommand
{
    public static Task<ShortResult> RunAsync(ProcessSpec spec, CancellationToken cancellationToken) =>
        RunAsync(ChildCommand.For(spec), cancellationToken);

    public static async Task<ShortResult> RunAsync(ProcessStartInfo info, CancellationToken cancellationToken)
    {
        info.RedirectStandardInput = true;
        info.RedirectStandardOutput = true;
        info.RedirectStandardError = true;
        using var process = new Process { StartInfo = info };
        await Spawner.StartAsync(process);
        process.StandardInput.Close();
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var error = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return new ShortResult(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}

internal sealed record ShortResult(int ExitCode, string Output, string Error);

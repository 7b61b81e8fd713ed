using System.Diagnostics;
using System.Globalization;

namespace LlmGateway.ServiceDefaults.Tests.Metrics;

/// <summary>A page of metrics, and what promtool says of it.</summary>
internal static class Scrape
{
    /// <summary>The value of the sample with this name and these labels, as they are written; null where there is none.</summary>
    public static double? Value(string page, string series) => page.Split('\n')
        .Where(line => line.StartsWith(series + " ", StringComparison.Ordinal))
        .Select(line => (double?)double.Parse(line[(series.Length + 1)..], CultureInfo.InvariantCulture))
        .SingleOrDefault();

    /// <summary>Empty when promtool finds nothing wrong, in form or in names.</summary>
    public static async Task<string> LintAsync(string page)
    {
        using var promtool = Process.Start(new ProcessStartInfo("promtool", ["check", "metrics"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        await promtool.StandardInput.WriteAsync(page);
        promtool.StandardInput.Close();
        var said = await promtool.StandardOutput.ReadToEndAsync() + await promtool.StandardError.ReadToEndAsync();
        await promtool.WaitForExitAsync();
        return promtool.ExitCode == 0 ? "" : $"exit code {promtool.ExitCode}: {said}";
    }
}

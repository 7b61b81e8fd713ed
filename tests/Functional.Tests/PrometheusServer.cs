using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using LlmGateway.Testing;

namespace LlmGateway.Functional.Tests;

/// <summary>A Prometheus that reads some services each second, with its data in a temporary folder.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly string _folder;
    private readonly int _targets;
    private readonly HttpClient _http;

    private PrometheusServer(Process process, string folder, int targets, Uri address)
    {
        (_process, _folder, _targets) = (process, folder, targets);
        _http = new HttpClient { BaseAddress = address };
    }

    public static async Task<PrometheusServer> StartAsync(IReadOnlyDictionary<string, Uri> services)
    {
        var folder = Directory.CreateTempSubdirectory("prometheus-").FullName;
        var configuration = Path.Combine(folder, "prometheus.yml");
        await File.WriteAllTextAsync(configuration, "global: { scrape_interval: 1s }\nscrape_configs:\n" + string.Concat(services.Select(service =>
            $"  - job_name: {service.Key}\n    static_configs: [ {{ targets: [ '{service.Value.Authority}' ] }} ]\n")));
        var port = FreePort.Next();
        var process = Process.Start(new ProcessStartInfo(
            "prometheus",
            [$"--config.file={configuration}", $"--storage.tsdb.path={folder}/data", $"--web.listen-address=127.0.0.1:{port}", "--log.level=error"])
        {
            UseShellExecute = false,
        })!;
        return new PrometheusServer(process, folder, services.Count, new Uri($"http://127.0.0.1:{port}"));
    }

    /// <summary>Until each service was read once, whole.</summary>
    public async Task WaitForScrapeOfAllAsync()
    {
        var watch = Stopwatch.StartNew();
        while (await TryQueryAsync("count(target_info)") != _targets)
        {
            if (watch.Elapsed > Limit)
            {
                throw new TimeoutException($"Prometheus has not read all services: {await _http.GetStringAsync(new Uri("/api/v1/targets", UriKind.Relative))}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }
    }

    /// <summary>The single value of an expression; null without one.</summary>
    public async Task<double?> QueryAsync(string expression)
    {
        var result = (await AskAsync($"/api/v1/query?query={Uri.EscapeDataString(expression)}")).GetProperty("result");
        return result.GetArrayLength() == 0 ? null : double.Parse(result[0].GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture);
    }

    /// <summary>Names as their TYPE lines have them.</summary>
    public async Task<IReadOnlyList<string>> FamiliesAsync() =>
        [.. (await AskAsync("/api/v1/metadata")).EnumerateObject().Select(family => family.Name)];

    /// <summary>Names of all labels that the series of a metric have.</summary>
    public async Task<IReadOnlyList<string>> LabelsAsync(string metric) =>
        [.. (await AskAsync($"/api/v1/labels?match[]={Uri.EscapeDataString($"{{__name__=~\"{metric}(_bucket|_sum|_count)?\"}}")}")).EnumerateArray()
            .Select(label => label.GetString()!).Where(label => label != "__name__")];

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<double?> TryQueryAsync(string expression)
    {
        try
        {
            return await QueryAsync(expression);
        }
        catch (HttpRequestException)
        {
            // It is starting.
            return null;
        }
    }

    private async Task<JsonElement> AskAsync(string path)
    {
        using var document = JsonDocument.Parse(await _http.GetStringAsync(new Uri(path, UriKind.Relative)));
        return document.RootElement.GetProperty("data").Clone();
    }
}

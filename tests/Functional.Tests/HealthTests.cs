using System.Diagnostics;
using System.Net;
using System.Text.Json;
using LlmGateway.SystemUnderTest;
using Xunit.Abstractions;

namespace LlmGateway.Functional.Tests;

/// <summary>Each dependency is taken away, and what the gateway says of itself is true: meanwhile, and after the return.</summary>
[Collection(KeysSystem.Name)]
public sealed class HealthTests(KeysSystem running, ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly Dictionary<string, string[]> Affected = new()
    {
        ["keys"] = ["keys"],
        ["billing"] = ["billing"],
        ["routing"] = ["routing"],
        ["redis"] = ["limits", "redis"],
        ["postgres"] = ["billing", "keys"],
    };

    [Fact]
    public async Task What_is_taken_away_is_named_and_what_comes_back_is_well_again()
    {
        using var http = running.System.Client(GatewaySystem.AdminKey);
        await ShouldBecomeAsync(http, "healthy", []);
        foreach (var (resource, affected) in Affected)
        {
            var began = Stopwatch.GetTimestamp();
            var status = resource == "redis" ? "degraded" : "unhealthy";
            await running.System.KillAsync(resource);
            try
            {
                await ShouldBecomeAsync(http, status, affected, resource);
                var code = status == "degraded" ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable;
                (await StatusOfAsync(http, "/health"), await StatusOfAsync(http, "/ready"), await StatusOfAsync(http, "/alive")).ShouldBe((code, code, HttpStatusCode.OK), resource);
            }
            finally
            {
                await running.System.StartAgainAsync(resource);
            }

            await ShouldBecomeAsync(http, "healthy", []);
            output.WriteLine($"{resource}: {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");
        }

        // The newest result says that all is well, and one before it what was away last.
        var history = (await ReadAsync(http, "/health/history")).GetProperty("results").EnumerateArray()
            .Select(result => (result.GetProperty("status").GetString(), Names(result.GetProperty("failing")))).ToList();
        history[0].ShouldBe(("healthy", ""));
        history.ShouldContain(("unhealthy", "billing,keys"));
    }

    private static string Names(JsonElement names) => string.Join(',', names.EnumerateArray().Select(name => name.GetString()));

    // A process that runs knows its database; of one that does not, nobody knows. Processes are asked apart from the checks, a moment sooner or later.
    private static bool TellsInstances(JsonElement components, string? away) => ((string[])["keys", "billing", "routing"]).All(service =>
    {
        var instance = components.GetProperty(service).GetProperty("instances").EnumerateArray().ShouldHaveSingleItem();
        return instance.GetProperty("database").GetString() == (away == service ? "unknown" : away == "postgres" ? "unhealthy" : "healthy");
    });

    private static async Task ShouldBecomeAsync(HttpClient http, string status, string[] affected, string? away = null)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            var detailed = await ReadAsync(http, "/health/detailed");
            var components = detailed.GetProperty("components").EnumerateObject().ToList();
            var ill = components.Where(part => part.Value.GetProperty("status").GetString() is "unhealthy" or "degraded").Select(part => part.Name).Order(StringComparer.Ordinal);
            if (detailed.GetProperty("status").GetString() == status && ill.SequenceEqual(affected) && TellsInstances(detailed.GetProperty("components"), away))
            {
                return;
            }

            Stopwatch.GetElapsedTime(began).ShouldBeLessThan(Limit, detailed.ToString());
            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }
    }

    private static async Task<JsonElement> ReadAsync(HttpClient http, string path)
    {
        using var response = await http.GetAsync(new Uri(path, UriKind.Relative));
        using var body = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());
        return body.RootElement.Clone();
    }

    private static async Task<HttpStatusCode> StatusOfAsync(HttpClient http, string path)
    {
        using var response = await http.GetAsync(new Uri(path, UriKind.Relative));
        return response.StatusCode;
    }
}

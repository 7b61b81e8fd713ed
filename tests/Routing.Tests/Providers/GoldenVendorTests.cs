using System.Text.Json;
using LlmGateway.FakeProvider;
using LlmGateway.Testing;

namespace LlmGateway.Routing.Tests.Providers;

/// <summary>Each golden request that goes to a vendor passes that vendor's own checks, as far as tests/FakeProvider knows them.</summary>
public sealed class GoldenVendorTests
{
    /// <summary>Cases whose client asks for what the vendor refuses, to see it arrive unharmed: here a tool is named a"b.</summary>
    private static readonly string[] Wrong = ["Gemini/escaping"];

    [Theory]
    [InlineData("Anthropic")]
    [InlineData("Gemini")]
    public async Task No_golden_request_is_refused_by_its_vendor(string vendor)
    {
        var folder = Path.Combine(RepositoryRoot.Path, "tests/Routing.Tests/Providers", vendor, "Golden");
        await using var provider = await FakeProviderServer.StartAsync();
        provider.On("the signature of the golden files", new Script { Signature = "c2ln" });
        using var http = new HttpClient { BaseAddress = new Uri(provider.Address) };
        http.DefaultRequestHeaders.Add("anthropic-version", "2023-06-01");

        var refused = new List<string>();
        var passed = 0;
        foreach (var file in Directory.EnumerateFiles(folder, "*.upstream.json"))
        {
            var name = Path.GetFileName(file)[..^".upstream.json".Length];
            var body = await File.ReadAllBytesAsync(file);
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.TryGetProperty("failure", out _) || json.RootElement.TryGetProperty("refused", out _))
            {
                continue;
            }

            using var content = new ByteArrayContent(body);
            using var answer = await http.PostAsync(Address(vendor, Path.Combine(folder, name + ".request.json")), content);
            passed++;
            if (!answer.IsSuccessStatusCode && !Wrong.Contains($"{vendor}/{name}"))
            {
                refused.Add($"{name}: {await answer.Content.ReadAsStringAsync()}");
            }
        }

        refused.ShouldBeEmpty();
        passed.ShouldBeGreaterThan(20);
    }

    /// <summary>Gemini's model stands in the path, and only the client's request still has it.</summary>
    private static string Address(string vendor, string request)
    {
        if (vendor == "Anthropic")
        {
            return "/v1/messages";
        }

        using var json = JsonDocument.Parse(File.ReadAllBytes(request));
        var model = json.RootElement.TryGetProperty("model", out var value) ? value.GetString() : "gemini-3-pro";
        return $"/v1beta/models/{model}:generateContent";
    }
}

using System.Text.Json;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Cli.Tests;

/// <summary>The catalogue through the command line and the gateway, to Routing and back.</summary>
[Collection(RunningSystem.Name)]
public sealed class ModelsCommandTests(RunningSystem system)
{
    private readonly Llmgw _llmgw = Llmgw.Of(system.System);

    [Fact]
    public async Task A_litellm_file_is_tried_imported_and_listed_and_one_with_a_literal_key_is_refused()
    {
        var name = $"cli-{Guid.NewGuid().ToString()[..8]}";
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, $"model_list: [{{ model_name: {name}, litellm_params: {{ model: ollama/llama3, rpm: 7 }}, model_info: {{ id: {name}-1 }} }}]\n");

        var tried = await _llmgw.JsonAsync("models", "import", file, "--dry-run");
        Models(await _llmgw.JsonAsync("models", "list")).ShouldNotContain(name);
        var imported = await _llmgw.SucceedAsync("models", "import", file);
        var listed = await _llmgw.SucceedAsync("models", "list");
        await File.WriteAllTextAsync(file, $"model_list: [{{ model_name: {name}, litellm_params: {{ model: ollama/other, api_key: sk-very-secret }} }}]\n");
        var refused = await _llmgw.RunAsync("models", "import", file);
        File.Delete(file);

        tried.GetProperty("added")[0].GetString().ShouldBe($"{name}-1");
        imported.Out.ShouldContain($"{name}-1");
        listed.Out.ShouldContain(name);
        (refused.ExitCode, refused.Out).ShouldBe((1, ""));
        refused.Error.ShouldContain("line 1: api_key is a literal");
        refused.Error.ShouldNotContain("very-secret");
    }

    private static IEnumerable<string?> Models(JsonElement list) => list.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString());
}

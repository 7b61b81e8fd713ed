using System.Diagnostics;
using LlmGateway.Routing.Tests.Running;

namespace LlmGateway.Routing.Tests.Catalog;

/// <summary>Starts that must not succeed, seen from outside.</summary>
public sealed class StartTests
{
    [Fact]
    public async Task A_catalogue_with_faults_stops_the_start_with_each_of_them_and_no_stack_trace()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file,
            "model_list:\n  - model_name: a\n    litellm_params: { model: openay/gpt-4o }\n  - { model_name: b, litellm_params: { modle: x } }\n");

        var (exitCode, output) = await RunAsync("development", ("MODELS_FILE", file));

        exitCode.ShouldBe(1);
        output.ShouldContain($"{file}:3: No provider has the name in \"openay/gpt-4o\"");
        output.ShouldContain($"{file}:4: litellm_params.modle is not a known key");
        output.ShouldContain($"{file}:4: litellm_params.model is missing.");
        output.ShouldNotContain("   at LlmGateway");
        File.Delete(file);
    }

    [Fact]
    public async Task Two_servers_priced_differently_under_one_name_stop_the_start()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file,
            """
            model_list:
              - { model_name: a, litellm_params: { model: vllm/llama, api_base: "http://one/v1" } }
              - { model_name: b, litellm_params: { model: vllm/llama, api_base: "http://two/v1", input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 } }
            """);

        var (exitCode, output) = await RunAsync("development", ("MODELS_FILE", file));

        exitCode.ShouldBe(1);
        output.ShouldContain($"{file}:3: vllm/llama has another price on line 2");
        File.Delete(file);
    }

    [Fact]
    public async Task In_production_a_start_without_any_provider_is_refused_and_says_what_to_set()
    {
        var (exitCode, output) = await RunAsync("production");

        exitCode.ShouldBe(1);
        output.ShouldContain("No provider is configured. Set OPENAI_API_KEY, LLM_SERVER_URL");
        output.ShouldNotContain("   at LlmGateway");
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string environment, params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo("dotnet", BillingProcess.ServiceBinary("Routing.Service"))
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
            Environment =
            {
                ["ENVIRONMENT"] = environment,
                ["ConnectionStrings__routingdb"] = "Host=127.0.0.1;Port=1",
                ["services__billing__grpc__0"] = "http://127.0.0.1:1",
            },
        };
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await output + await errors);
    }
}

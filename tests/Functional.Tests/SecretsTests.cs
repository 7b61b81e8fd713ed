using System.Net;
using LlmGateway.FakeProvider;
using LlmGateway.Functional.Tests.Secrets;
using LlmGateway.SystemUnderTest;
using LlmGateway.Testing;

namespace LlmGateway.Functional.Tests;

public sealed class SecretsTests
{
    [Fact]
    public async Task Whatever_clients_and_providers_put_anywhere_no_key_prompt_or_answer_is_in_any_log_trace_or_metric()
    {
        var secrets = new RunSecrets();
        await using var collector = await OtlpCollector.StartAsync();
        var system = await GatewaySystem.StartAsync(new SystemSettings { Environment = Environment(secrets, collector) });
        string lastRequest;
        string[] issued;
        await using (system)
        {
            await MisuseAsync(system, secrets);
            issued = await AdministerAsync(system, secrets);
            await FailAtTheProviderAsync(system, secrets);
            lastRequest = await CompleteAsync(system, secrets, collector);
        }

        // The system has ended, and with that sent and written everything.
        var evidence = new Evidence(system.Log, collector.Exports);
        evidence.Has("console", lastRequest).ShouldBeTrue("the console's lines are the run's");
        evidence.Has("logs", lastRequest).ShouldBeTrue("the logs are the run's");
        evidence.Has("traces", "/v1/chat/completions").ShouldBeTrue("the traces are the run's");
        evidence.Has("traces", "/llmgateway.keys.v1.KeysApi/Verify").ShouldBeTrue("spans say which method was called");
        evidence.Has("metrics", "http.server.request.duration").ShouldBeTrue("the metrics are the run's");
        secrets.All.Concat(issued).SelectMany(secret => evidence.LeaksOf(secret)).Take(20).ShouldBeEmpty();
    }

    // As talkative as settings can make it.
    private static Dictionary<string, string> Environment(RunSecrets secrets, OtlpCollector collector)
    {
        var environment = new Dictionary<string, string>
        {
            ["LOG_LEVEL"] = "DEBUG",
            ["ALLOWED_API_KEYS"] = $"{GatewaySystem.Key},{secrets.Configured},{secrets.Uuid}",
            ["ADMIN_API_KEY"] = secrets.Administrator,
            ["INTERNAL_API_KEY"] = secrets.Internal,
            ["JWT_SECRET_KEY"] = secrets.JwtKey,
            ["OPENAI_API_KEY"] = secrets.Provider,
            ["RATE_LIMIT_REQUESTS_PER_MINUTE"] = "100000",
            ["RATE_LIMIT_REQUESTS_PER_HOUR"] = "100000",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Endpoint,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
            ["OTEL_BLRP_SCHEDULE_DELAY"] = "200",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "1000",
            ["OTEL_METRICS_EXEMPLAR_FILTER"] = "always_on",
            ["Logging__Console__FormatterOptions__IncludeScopes"] = "true",
            ["Logging__Console__LogLevel__Microsoft.AspNetCore"] = "Trace",
            ["Calls__FirstByteTimeout"] = "00:00:02",
            ["Calls__PlainFirstByteTimeout"] = "00:00:02",
        };
        foreach (var category in (string[])["Microsoft.AspNetCore", "Microsoft.AspNetCore.Routing", "Microsoft.Extensions", "System.Net.Http", "Npgsql", "Grpc"])
        {
            environment["Logging__LogLevel__" + category] = "Trace";
        }

        return environment;
    }

    private static async Task MisuseAsync(GatewaySystem system, RunSecrets secrets)
    {
        var misuse = new Misuse(system.Gateway, secrets.Configured);
        foreach (var secret in secrets.Pasted)
        {
            await misuse.SendEverywhereAsync(secret);
            await misuse.SendInBodiesAsync(secret);
        }

        await misuse.SendInBodiesAsync(secrets.Prompt);
    }

    /// <returns>What was made and used: a key, and a token that stands for it.</returns>
    private static async Task<string[]> AdministerAsync(GatewaySystem system, RunSecrets secrets)
    {
        var administration = new Administration(system.Http, secrets.Administrator);
        var issued = await administration.IssueAndUseAsync();
        foreach (var secret in (string[])[issued, secrets.Configured, secrets.Uuid, secrets.Administrator, secrets.Internal])
        {
            await administration.PasteAsync(secret);
        }

        return [issued, await administration.ExchangeAndUseAsync(issued)];
    }

    private static async Task FailAtTheProviderAsync(GatewaySystem system, RunSecrets secrets)
    {
        var said = $"{secrets.Configured} {secrets.Provider} {secrets.Foreign} {secrets.Prompt} {secrets.Answer}";
        var code = $"c{secrets.Configured}";
        Script[] scripts =
        [
            .. new[] { 400, 401, 402, 403, 404, 408, 413, 422, 429, 500, 503 }.Select(status => Script.Error(status, code, said, type: code, param: code, retryAfter: code)),
            new Script { Status = 400, ContentType = "text/html", Body = said },
            new Script { Body = said },
            new Script { Body = $$"""{"choices": [{"message": {"content": "{{said}}" {{said}}""" },
            new Script { Body = $$"""{"error": "{{said}}"}""", Status = 302 },
            new Script { Ending = Ending.ErrorEvent, Pieces = [secrets.Answer, secrets.Answer] },
            new Script { Ending = Ending.Garbage, Pieces = [secrets.Answer, secrets.Answer], EndAfter = 1 },
            new Script { Ending = Ending.Cut, Pieces = [secrets.Answer, secrets.Answer], EndAfter = 1 },
            new Script { ResetBeforeHeaders = true },
        ];
        foreach (var script in scripts)
        {
            system.Provider.On(GatewaySystem.Model, script);
            await new ChatCall(system.Http, GatewaySystem.Model) { Prompt = secrets.Prompt }.PlainAsync();
            await new ChatCall(system.Http, GatewaySystem.Model) { Prompt = secrets.Prompt }.StreamAsync();
        }
    }

    /// <summary>A good call, after which everything before it has been exported; then one that is refused, which leaves a line.</summary>
    private static async Task<string> CompleteAsync(GatewaySystem system, RunSecrets secrets, OtlpCollector collector)
    {
        system.Provider.On(GatewaySystem.Model, new Script { Pieces = [secrets.Answer, secrets.Answer] });
        var answer = await new ChatCall(system.Http, GatewaySystem.Model) { Prompt = secrets.Prompt }.StreamAsync();
        answer.Content.ShouldBe(secrets.Answer + secrets.Answer);
        system.Provider.Calls.Last().Authorization.ShouldBe("Bearer " + secrets.Provider);

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await collector.WaitForTraceAsync(spans => spans.Any(span => span.Name.Contains("Settle")), limit.Token);
        system.Provider.On(GatewaySystem.Model, Script.Error(400, message: secrets.Prompt));
        var refused = await new ChatCall(system.Http, GatewaySystem.Model) { Prompt = secrets.Prompt }.PlainAsync();
        refused.Status.ShouldBe(HttpStatusCode.BadRequest);
        return refused.RequestId;
    }
}

using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using LlmGateway.Cli.Connection;
using LlmGateway.Cli.Output;

namespace LlmGateway.Cli.Smoke;

internal sealed class SmokeCommand : GatewayCommand
{
    private readonly Option<string?> _model = new("--model") { Description = "What is called; else the first of the gateway's models.", HelpName = "name" };

    public SmokeCommand()
        : base(
            "smoke",
            "Makes one call of each kind, with the administrator's key and at its account's cost: health, models, chat, stream, balance.",
            "smoke",
            "smoke --model gpt-4o-mini --url https://gateway.example.com") =>
        Options.Add(_model);

    protected override async Task RunAsync(Session session, CancellationToken cancellationToken)
    {
        var calls = new SmokeCalls(session.Gateway);
        var model = session.Parsed.GetValue(_model);
        var results = new JsonArray();
        var failed = 0;
        foreach (var (name, call) in new (string, Func<Task<string>>)[]
        {
            ("health", () => calls.HealthAsync(cancellationToken)),
            ("models", async () =>
            {
                var models = await calls.ModelsAsync(cancellationToken);
                model ??= models[0];
                return $"{models.Count} models";
            }),
            ("chat", () => calls.ChatAsync(model ?? "", cancellationToken)),
            ("stream", () => calls.StreamAsync(model ?? "", cancellationToken)),
            ("balance", () => calls.BalanceAsync(cancellationToken)),
        })
        {
            var (passed, detail, elapsed) = await TryAsync(session.Time, call);
            failed += passed ? 0 : 1;
            results.Add(new JsonObject { ["call"] = name, ["passed"] = passed, ["milliseconds"] = (long)elapsed.TotalMilliseconds, ["detail"] = detail });
            if (!session.Printer.IsJson)
            {
                Console.Out.WriteLine($"{(passed ? "pass" : "fail")}  {name,-8}  {elapsed.TotalMilliseconds,6:0} ms  {PlainText.Of(detail)}");
            }
        }

        if (session.Printer.IsJson)
        {
            Console.Out.WriteLine(results.ToJsonString());
        }

        if (failed > 0)
        {
            throw new FailedException($"{failed} of {results.Count} calls failed.");
        }
    }

    private static async Task<(bool Passed, string Detail, TimeSpan Elapsed)> TryAsync(TimeProvider time, Func<Task<string>> call)
    {
        var started = time.GetTimestamp();
        try
        {
            return (true, await call(), time.GetElapsedTime(started));
        }
        catch (FailedException failure)
        {
            return (false, failure.Message, time.GetElapsedTime(started));
        }
        catch (Exception unexpected) when (unexpected is JsonException or KeyNotFoundException or InvalidOperationException or IOException or HttpRequestException)
        {
            return (false, $"not the answer of a gateway: {unexpected.Message}", time.GetElapsedTime(started));
        }
    }
}

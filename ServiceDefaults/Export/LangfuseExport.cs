using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using OpenTelemetry;
using OpenTelemetry.Exporter;

namespace LlmGateway.ServiceDefaults.Export;

/// <summary>
/// A queue of the spans of provider calls, and of no others, for Langfuse: to it each other span would be an observation, which it counts and
/// shows and cannot use. They have the conventions' attributes, from which it reads model, cost (<c>gen_ai.usage.cost</c>) and user (<c>user.id</c>);
/// what it would read wrongly or not at all is said in its own names (github.com/langfuse/langfuse,
/// packages/shared/src/server/otel/OtelIngestionProcessor.ts).
/// </summary>
/// <param name="options">Where they go.</param>
/// <param name="batch">The queue's bounds.</param>
/// <param name="tally">What is delivered and lost.</param>
/// <param name="environment">Of the deployment, as operators name it.</param>
internal sealed class LangfuseExport(LangfuseOptions options, BatchSettings batch, ExportTally tally, string environment)
    : BatchActivityExportProcessor(
        new CountedExporter<Activity>(new OtlpTraceExporter(options.Exporter()), tally.Of(Name, "traces")),
        batch.Queue, batch.DelayMilliseconds, batch.TimeoutMilliseconds, batch.Batch)
{
    public const string Name = "langfuse";

    private readonly string _environment = environment.ToLowerInvariant();

    public override void OnEnd(Activity data)
    {
        if (data.GetTagItem("gen_ai.operation.name") is null)
        {
            return;
        }

        // It names the trace after its root, which is not sent.
        data.SetTag("langfuse.trace.name", data.DisplayName).SetTag("langfuse.environment", _environment);
        if (data.GetTagItem("gen_ai.response.time_to_first_chunk") is double seconds)
        {
            data.SetTag("langfuse.observation.completion_start_time", data.StartTimeUtc.AddSeconds(seconds).ToString("O", CultureInfo.InvariantCulture));
        }

        if (data.GetTagItem("gen_ai.usage.input_tokens") is not null)
        {
            data.SetTag("langfuse.observation.usage_details", UsageOf(data));
        }

        base.OnEnd(data);
    }

    // Langfuse adds up all kinds of tokens; in the conventions cached tokens are some of the input's, and reasoning some of the output's.
    private static string UsageOf(Activity span)
    {
        var (input, output) = (Tokens("input_tokens"), Tokens("output_tokens"));
        var (read, written) = (Tokens("cache_read.input_tokens"), Tokens("cache_creation.input_tokens"));
        var reasoning = Tokens("reasoning.output_tokens");
        return JsonSerializer.Serialize(
            new Dictionary<string, long>
            {
                ["input"] = Math.Max(0, input - read - written),
                ["input_cached_tokens"] = read,
                ["input_cache_creation"] = written,
                ["output"] = Math.Max(0, output - reasoning),
                ["output_reasoning_tokens"] = reasoning,
                ["total"] = input + output,
            },
            ExportJson.Default.DictionaryStringInt64);

        long Tokens(string kind) => Convert.ToInt64(span.GetTagItem("gen_ai.usage." + kind), CultureInfo.InvariantCulture);
    }
}

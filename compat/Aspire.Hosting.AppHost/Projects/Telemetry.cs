using Aspire.Hosting.Orchestration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Projects;

/// <summary>
/// OTLP for children. There is no dashboard here, so it goes where AppHost's own configuration says, and nowhere when it is
/// silent. Unlike upstream, prompts are never switched on (OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT).
/// </summary>
internal static class Telemetry
{
    private static readonly string[] PassedOn =
    [
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        "OTEL_EXPORTER_OTLP_HEADERS",
    ];

    public static void AddTo(Dictionary<string, object> variables, LaunchContext context)
    {
        if (string.IsNullOrEmpty(context.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
        {
            return;
        }

        foreach (var name in PassedOn)
        {
            if (context.Configuration[name] is { Length: > 0 } value)
            {
                variables[name] = value;
            }
        }

        variables["OTEL_SERVICE_NAME"] = context.Resource.Name;
        variables["OTEL_RESOURCE_ATTRIBUTES"] = $"service.instance.id={context.InstanceId}";
        variables["OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY"] = "in_memory";
        if (context.Host.IsDevelopment())
        {
            AddShortDelays(variables);
        }
    }

    private static void AddShortDelays(Dictionary<string, object> variables)
    {
        variables["OTEL_BLRP_SCHEDULE_DELAY"] = "1000";
        variables["OTEL_BSP_SCHEDULE_DELAY"] = "1000";
        variables["OTEL_METRIC_EXPORT_INTERVAL"] = "1000";
        variables["OTEL_TRACES_SAMPLER"] = "always_on";
        variables["OTEL_METRICS_EXEMPLAR_FILTER"] = "trace_based";
    }
}

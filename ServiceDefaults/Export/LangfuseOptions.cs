using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using OpenTelemetry.Exporter;

namespace LlmGateway.ServiceDefaults.Export;

/// <summary>Provider calls for Langfuse; section <c>Langfuse</c>.</summary>
public sealed class LangfuseOptions
{
    public const string Section = "Langfuse";

    public bool Enabled { get; set; }

    /// <summary>Of the project (<c>pk-lf-…</c>).</summary>
    public string? PublicKey { get; set; }

    /// <summary>Of the project (<c>sk-lf-…</c>).</summary>
    public string? SecretKey { get; set; }

    /// <summary>The server, without a path of its API.</summary>
    public string Host { get; set; } = "https://cloud.langfuse.com";

    /// <summary>Null where nothing is exported.</summary>
    internal static LangfuseOptions? Read(IConfiguration configuration)
    {
        var section = configuration.GetSection(Section);
        return bool.TryParse(section[nameof(Enabled)], out var enabled) && enabled ? section.Get<LangfuseOptions>() : null;
    }

    /// <summary>Its OTLP address (langfuse.com/integrations/native/opentelemetry), over HTTP with protobuf.</summary>
    internal OtlpExporterOptions Exporter()
    {
        var keys = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{PublicKey}:{SecretKey}"));
        return new OtlpExporterOptions
        {
            Protocol = OtlpExportProtocol.HttpProtobuf,
            Endpoint = new Uri($"{Host.TrimEnd('/')}/api/public/otel/v1/traces"),
            Headers = $"Authorization={Uri.EscapeDataString("Basic " + keys)}",
        };
    }
}

internal sealed class LangfuseOptionsCheck : IValidateOptions<LangfuseOptions>
{
    public ValidateOptionsResult Validate(string? name, LangfuseOptions options)
    {
        if (!options.Enabled)
        {
            return ValidateOptionsResult.Success;
        }

        var errors = new List<string>();
        Need(options.PublicKey, "LANGFUSE_PUBLIC_KEY (Langfuse:PublicKey)");
        Need(options.SecretKey, "LANGFUSE_SECRET_KEY (Langfuse:SecretKey)");
        if (options.PublicKey?.Contains(':', StringComparison.Ordinal) == true)
        {
            errors.Add("LANGFUSE_PUBLIC_KEY (Langfuse:PublicKey): must have no colon.");
        }

        if (!Uri.TryCreate(options.Host, UriKind.Absolute, out var host) || host.Scheme is not ("http" or "https"))
        {
            errors.Add("LANGFUSE_HOST (Langfuse:Host): is not an http:// or https:// address.");
        }

        return errors.Count > 0 ? ValidateOptionsResult.Fail(errors) : ValidateOptionsResult.Success;

        void Need(string? value, string setting)
        {
            if (string.IsNullOrWhiteSpace(value))
            {
                errors.Add($"{setting}: must be set while LANGFUSE_ENABLED (Langfuse:Enabled) is true.");
            }
        }
    }
}

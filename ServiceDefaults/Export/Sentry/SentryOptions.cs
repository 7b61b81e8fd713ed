using System.Globalization;
using Microsoft.Extensions.Options;

namespace LlmGateway.ServiceDefaults.Export.Sentry;

/// <summary>Errors and transactions for Sentry; section <c>Sentry</c>.</summary>
public sealed class SentryOptions
{
    public const string Section = "Sentry";

    /// <summary>Unset: nothing is sent.</summary>
    public string? Dsn { get; set; }

    /// <summary>The share of traces whose transactions are sent, from 0 to 1; the same traces in each process. Errors are all sent.</summary>
    public double TracesSampleRate { get; set; }
}

/// <summary>
/// Where to send and as whom: <c>https://key@host/path/project</c>
/// (develop.sentry.dev/sdk/foundations/transport/authentication/).
/// </summary>
internal sealed record SentryDsn(Uri Envelopes, string PublicKey)
{
    public static SentryDsn? Parse(string? text)
    {
        if (!Uri.TryCreate(text?.Trim().TrimEnd('/'), UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Query.Length > 0)
        {
            return null;
        }

        // The secret after a colon is of old clients, and is not sent.
        var key = url.UserInfo.Split(':')[0];
        var slash = url.AbsolutePath.LastIndexOf('/');
        var project = url.AbsolutePath[(slash + 1)..];
        return key.Length > 0 && key.All(char.IsAsciiLetterOrDigit) && ulong.TryParse(project, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? new SentryDsn(new Uri($"{url.Scheme}://{url.Authority}{url.AbsolutePath[..slash]}/api/{project}/envelope/"), key)
            : null;
    }
}

internal sealed class SentryOptionsCheck : IValidateOptions<SentryOptions>
{
    public ValidateOptionsResult Validate(string? name, SentryOptions options)
    {
        var errors = new List<string>();
        if (!string.IsNullOrWhiteSpace(options.Dsn) && SentryDsn.Parse(options.Dsn) is null)
        {
            errors.Add("SENTRY_DSN (Sentry:Dsn): is not of the form https://key@host/project.");
        }

        if (options.TracesSampleRate is not (>= 0 and <= 1))
        {
            errors.Add("SENTRY_TRACES_SAMPLE_RATE (Sentry:TracesSampleRate): must be between 0 and 1.");
        }

        return errors.Count > 0 ? ValidateOptionsResult.Fail(errors) : ValidateOptionsResult.Success;
    }
}

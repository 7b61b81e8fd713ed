using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace LlmGateway.Billing.Alerts;

/// <summary>Section <c>Billing</c>: who is told of spend alerts.</summary>
internal sealed class AlertOptions
{
    public const int ShortestSecret = 16;

    /// <summary>Where alerts are posted to; empty for nowhere.</summary>
    public string AlertWebhookUrl { get; set; } = "";

    /// <summary>What posts are signed with, as UTF-8.</summary>
    public string AlertWebhookSecret { get; set; } = "";

    /// <summary>Whether the receiver may be in a private network, or behind a proxy. Else it is connected to directly, and only at a public address.</summary>
    public bool AlertWebhookAllowPrivate { get; set; }

    /// <summary>Seconds between two looks at what was spent, and at what is to be sent.</summary>
    [Range(0.1, 60, ErrorMessage = "Billing:AlertSeconds: must be between {1} and {2}.")]
    public double AlertSeconds { get; set; } = 1;

    /// <summary>Seconds that the receiver has to answer.</summary>
    [Range(0.1, 60, ErrorMessage = "Billing:AlertTimeoutSeconds: must be between {1} and {2}.")]
    public double AlertTimeoutSeconds { get; set; } = 10;

    // Not public: validation reads every public property.
    internal bool HasWebhook => AlertWebhookUrl.Length > 0;

    internal TimeSpan Interval => TimeSpan.FromSeconds(AlertSeconds);

    internal TimeSpan Timeout => TimeSpan.FromSeconds(AlertTimeoutSeconds);
}

/// <summary>Neither value is repeated: an address may have a token in its path.</summary>
internal sealed class AlertOptionsValidator : IValidateOptions<AlertOptions>
{
    public ValidateOptionsResult Validate(string? name, AlertOptions options)
    {
        var errors = new ValidateOptionsResultBuilder();
        if (options.HasWebhook && !IsAddress(options.AlertWebhookUrl))
        {
            errors.AddError("Billing:AlertWebhookUrl: must be an http or https address without a user or password.");
        }

        if (options.HasWebhook && options.AlertWebhookSecret.Length < AlertOptions.ShortestSecret)
        {
            errors.AddError($"Billing:AlertWebhookSecret: must have at least {AlertOptions.ShortestSecret} characters when Billing:AlertWebhookUrl is set.");
        }

        return errors.Build();
    }

    private static bool IsAddress(string text) => Uri.TryCreate(text, UriKind.Absolute, out var address)
        && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps) && address.UserInfo.Length == 0;
}

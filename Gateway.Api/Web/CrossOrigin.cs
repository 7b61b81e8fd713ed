using LlmGateway.ServiceDefaults;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Web;

/// <summary>Pages of other origins that may call the gateway from a browser. Section <c>Cors</c>.</summary>
internal sealed class CrossOrigin
{
    public const string Section = "Cors";

    private const string Anybody = "*";

    private static readonly TimeSpan PreflightMaxAge = TimeSpan.FromHours(1);

    // A browser shows a page no others.
    private static readonly string[] Exposed =
    [
        "x-request-id", "request-id", "x-client-request-id", "x-should-retry", "retry-after", "retry-after-ms", "x-llm-provider", "x-llm-model",
        "x-llm-attempts", "x-llm-overhead-ms", "x-llm-cache", "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests",
        "x-ratelimit-reset-requests", "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens",
        "anthropic-ratelimit-requests-limit", "anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset",
        "anthropic-ratelimit-tokens-limit", "anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset",
    ];

    /// <summary>CORS_ORIGINS: a comma list or JSON array of <c>https://app.example</c>, or <c>*</c> for all; empty allows none.</summary>
    public string Origins { get; set; } = "";

    public IReadOnlyList<string> List => StringList.Parse(Origins) ?? [];

    /// <summary>Credentials of the browser's own (cookies) stay forbidden: a page sends its key itself.</summary>
    public CorsPolicy ToPolicy()
    {
        var policy = new CorsPolicyBuilder().AllowAnyHeader().WithMethods("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
            .WithExposedHeaders(Exposed).SetPreflightMaxAge(PreflightMaxAge);
        return (List.Contains(Anybody) ? policy.AllowAnyOrigin() : policy.WithOrigins([.. List])).Build();
    }

    internal sealed class Validator : IValidateOptions<CrossOrigin>
    {
        public ValidateOptionsResult Validate(string? name, CrossOrigin options)
        {
            var faulty = options.List.Where(origin => origin != Anybody && !IsOrigin(origin)).ToList();
            return faulty.Count == 0 && StringList.Parse(options.Origins) is not null
                ? ValidateOptionsResult.Success
                : ValidateOptionsResult.Fail(
                    $"Cors:Origins: {string.Join(", ", faulty.Select(origin => $"'{origin}'"))} must be origins such as https://app.example, without a path.");
        }

        private static bool IsOrigin(string text) =>
            Uri.TryCreate(text, UriKind.Absolute, out var uri)
            && uri.Scheme is "http" or "https"
            && text.Equals($"{uri.Scheme}://{uri.Authority}", StringComparison.OrdinalIgnoreCase);
    }
}

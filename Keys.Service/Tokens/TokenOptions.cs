using System.ComponentModel.DataAnnotations;
using System.Text;
using Microsoft.Extensions.Options;

namespace LlmGateway.Keys.Tokens;

/// <summary>Section <c>Auth:Jwt</c>: tokens of ours, and those of an outside issuer.</summary>
internal sealed class TokenOptions
{
    /// <summary>Signs the tokens of the operator's own services (JWT_SECRET_KEY) with an HS algorithm, of whose size it is at least.</summary>
    public string? SecretKey { get; set; }

    /// <summary>Of outside tokens (JWT_ALGORITHM): HS256, HS384, HS512 with the secret, RS256 or ES256 with JwksUrl. Ours are always HS256.</summary>
    public string Algorithm { get; set; } = "HS256";

    /// <summary>Of our own tokens (JWT_ACCESS_TOKEN_EXPIRE_MINUTES), in minutes; a key that expires earlier ends them earlier.</summary>
    [Range(1, 1440, ErrorMessage = "Auth:Jwt:ExpireMinutes: must be 1 to 1440.")]
    public int ExpireMinutes { get; set; } = 30;

    /// <summary>Where an outside issuer publishes its keys: https, or http on this machine.</summary>
    public string? JwksUrl { get; set; }

    /// <summary>What <c>iss</c> of an outside token must be. Needed with JwksUrl; not <c>llmgateway</c>, which is ours.</summary>
    public string? Issuer { get; set; }

    /// <summary>What <c>aud</c> of an outside token must be or contain. Needed with JwksUrl.</summary>
    public string? Audience { get; set; }

    /// <summary>How far an outside issuer's clock may be from ours, in seconds.</summary>
    [Range(0, 300, ErrorMessage = "Auth:Jwt:ClockSkewSeconds: must be 0 to 300.")]
    public int ClockSkewSeconds { get; set; } = 30;

    /// <summary>How often the outside issuer's keys are fetched, in minutes.</summary>
    [Range(1, 1440, ErrorMessage = "Auth:Jwt:JwksRefreshMinutes: must be 1 to 1440.")]
    public int JwksRefreshMinutes { get; set; } = 60;

    public TimeSpan ClockSkew => TimeSpan.FromSeconds(ClockSkewSeconds);

    public bool IsSymmetric => Algorithm is "HS256" or "HS384" or "HS512";

    public bool TakesOutsideTokens => !string.IsNullOrEmpty(IsSymmetric ? SecretKey : JwksUrl);
}

internal sealed class TokenOptionsValidator : IValidateOptions<TokenOptions>
{
    public ValidateOptionsResult Validate(string? name, TokenOptions options)
    {
        var errors = new ValidateOptionsResultBuilder();
        if (!options.IsSymmetric && options.Algorithm is not ("RS256" or "ES256"))
        {
            errors.AddError("Auth:Jwt:Algorithm: must be HS256, HS384, HS512, RS256 or ES256.");
        }

        var least = options.Algorithm switch { "HS384" => 48, "HS512" => 64, _ => 32 };
        if (!string.IsNullOrEmpty(options.SecretKey) && Encoding.UTF8.GetByteCount(options.SecretKey) < least)
        {
            errors.AddError($"Auth:Jwt:SecretKey: must be at least {least} bytes for {options.Algorithm}.");
        }

        CheckIssuer(options, errors);
        return errors.Build();
    }

    private static void CheckIssuer(TokenOptions options, ValidateOptionsResultBuilder errors)
    {
        var hasUrl = !string.IsNullOrEmpty(options.JwksUrl);
        if (options.IsSymmetric == hasUrl)
        {
            errors.AddError(hasUrl
                ? $"Auth:Jwt:JwksUrl: is for RS256 and ES256, and Auth:Jwt:Algorithm is {options.Algorithm}."
                : $"Auth:Jwt:JwksUrl: {options.Algorithm} needs it.");
        }

        if (hasUrl && !(Uri.TryCreate(options.JwksUrl, UriKind.Absolute, out var url)
            && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback))))
        {
            errors.AddError("Auth:Jwt:JwksUrl: must be an https address; http only on this machine.");
        }

        foreach (var (value, path) in new[] { (options.Issuer, "Auth:Jwt:Issuer"), (options.Audience, "Auth:Jwt:Audience") })
        {
            if (hasUrl && string.IsNullOrEmpty(value))
            {
                errors.AddError($"{path}: Auth:Jwt:JwksUrl needs it.");
            }
        }

        if (options.Issuer == IssuedTokens.Issuer)
        {
            errors.AddError($"Auth:Jwt:Issuer: {IssuedTokens.Issuer} is this service's own.");
        }
    }
}

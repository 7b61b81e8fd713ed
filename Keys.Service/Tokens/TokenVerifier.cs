using System.Text;
using System.Text.RegularExpressions;
using LlmGateway.Keys.Accounts;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace LlmGateway.Keys.Tokens;

/// <summary>What a token stands for, if it is valid.</summary>
/// <param name="KeyId">Of a token of ours: the key it stands for.</param>
/// <param name="Account">Its subject.</param>
/// <param name="ExpiresAt">When it stops being accepted.</param>
/// <param name="IsUnavailable">It cannot be judged now.</param>
internal sealed record TokenFinding(Guid? KeyId, string Account, DateTimeOffset ExpiresAt, bool IsUnavailable = false)
{
    public static readonly TokenFinding Unavailable = new(KeyId: null, "", default, IsUnavailable: true);
}

/// <summary>
/// Judges tokens, refusing first:
/// 1. the form, before the library sees anything (<see cref="PresentedToken"/>);
/// 2. the algorithm: HS256 for ours, the configured one for the outside issuer's, nothing else;
/// 3. one key by issuer and kid, of the kind that the algorithm is for, so that a public key is never taken for a secret;
/// 4. the signature, by the library, with that algorithm and key only;
/// 5. issuer, audience, subject and times, by the service's own clock.
/// </summary>
internal sealed partial class TokenVerifier(SigningKeys ours, IssuerKeys theirs, IOptions<TokenOptions> options, TimeProvider time)
{
    /// <summary>A token that is good for longer was not meant to expire.</summary>
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(366);

    private static readonly CryptoProviderFactory Crypto = new() { CacheSignatureProviders = false };

    private readonly TokenOptions _options = options.Value;

    /// <returns>Null for one that is not valid.</returns>
    public async Task<TokenFinding?> VerifyAsync(string text, CancellationToken cancellationToken)
    {
        if (PresentedToken.Parse(text) is not { } token) // 1
        {
            return null;
        }

        return token.Issuer == IssuedTokens.Issuer ? await OursAsync(token, cancellationToken) : await TheirsAsync(token, cancellationToken);
    }

    private async Task<TokenFinding?> OursAsync(PresentedToken token, CancellationToken cancellationToken)
    {
        if (token.Algorithm != IssuedTokens.Algorithm // 2
            || token.Kid is not { Length: > 0 and <= 64 } kid
            || !Guid.TryParseExact(token.KeyId, "D", out var keyId)
            || token.Audiences is not [IssuedTokens.Issuer]
            || !IsInTime(token, skewOfExpiry: TimeSpan.Zero)
            || await ours.FindAsync(kid, cancellationToken) is not { } key) // 3
        {
            return null;
        }

        return IsSigned(token, new SymmetricSecurityKey(key.Secret) { KeyId = kid }) ? new(keyId, token.Subject, token.ExpiresAt) : null;
    }

    private async Task<TokenFinding?> TheirsAsync(PresentedToken token, CancellationToken cancellationToken)
    {
        if (!_options.TakesOutsideTokens
            || token.Algorithm != _options.Algorithm // 2
            || (!string.IsNullOrEmpty(_options.Issuer) && token.Issuer != _options.Issuer)
            || (!string.IsNullOrEmpty(_options.Audience) && !token.Audiences.Contains(_options.Audience))
            || !AccountIds().IsMatch(token.Subject)
            || token.Subject is Account.Administrator or Account.Internal or "." or ".."
            || !IsInTime(token, _options.ClockSkew))
        {
            return null;
        }

        SecurityKey? key = null; // 3
        if (_options.IsSymmetric)
        {
            key = new SymmetricSecurityKey(Encoding.UTF8.GetBytes(_options.SecretKey!));
        }
        else
        {
            (key, var isUnavailable) = await theirs.FindAsync(token.Kid, cancellationToken);
            if (isUnavailable)
            {
                return TokenFinding.Unavailable;
            }
        }

        return key is not null && IsSigned(token, key) ? new(KeyId: null, token.Subject, token.ExpiresAt + _options.ClockSkew) : null;
    }

    // 4. The library reads the wall clock for times, so those are checked here.
    private static bool IsSigned(PresentedToken token, SecurityKey key) => new JsonWebTokenHandler().ValidateToken(token.Text, new TokenValidationParameters
    {
        ValidAlgorithms = [token.Algorithm],
        IssuerSigningKey = key,
        CryptoProviderFactory = Crypto,
        RequireSignedTokens = true,
        RequireExpirationTime = true,
        ValidateIssuer = false,
        ValidateAudience = false,
        ValidateLifetime = false,
        ValidateTokenReplay = false,
    }).IsValid;

    // 5.
    private bool IsInTime(PresentedToken token, TimeSpan skewOfExpiry)
    {
        var now = time.GetUtcNow();
        var latestBegin = now + _options.ClockSkew;

        // The longest life first: an expiry near the end of the calendar has no room for the skew.
        return token.ExpiresAt <= now + LongestLife
            && now < token.ExpiresAt + skewOfExpiry
            && !(token.NotBefore > latestBegin)
            && !(token.IssuedAt > latestBegin);
    }

    [GeneratedRegex(@"\A[A-Za-z0-9_.@:-]{1,128}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AccountIds();
}

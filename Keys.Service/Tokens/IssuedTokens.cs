using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Verification;
using LlmGateway.Protos.Keys.V1;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Npgsql;

namespace LlmGateway.Keys.Tokens;

/// <summary>Makes tokens that stand for keys.</summary>
internal sealed class IssuedTokens(NpgsqlDataSource database, SigningKeys keys, IOptions<TokenOptions> options, TimeProvider time)
{
    /// <summary><c>iss</c> and <c>aud</c> of our tokens.</summary>
    public const string Issuer = "llmgateway";

    public const string Algorithm = SecurityAlgorithms.HmacSha256;

    /// <summary>Of a signing key, in bytes: what HS256 uses of it.</summary>
    public const int SecretSize = 32;

    /// <returns>A token and its life, or why not.</returns>
    public async Task<(string Token, TimeSpan ExpiresIn, RefusalReason Refusal)> IssueAsync(Guid keyId, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var answer = await KeyStatement.ExecuteAsync(database, KeyQuestion.OfKey(keyId), now, cancellationToken);
        var key = answer.ById.GetValueOrDefault(keyId);
        var refusal = key switch
        {
            // x-internal-auth is the only door of an internal key, and takes no tokens.
            null or { Role: KeyRole.Internal } => RefusalReason.UnknownKey,
            { IsRevoked: true } => RefusalReason.Revoked,
            _ => RefusalReason.Unspecified,
        };

        var from = now.ToUnixTimeSeconds();
        var until = from + (options.Value.ExpireMinutes * 60L);
        until = key?.ExpiresAt is { } end ? Math.Min(until, end.ToUnixTimeSeconds()) : until;
        refusal = refusal == RefusalReason.Unspecified && until <= from ? RefusalReason.Expired : refusal;
        return refusal == RefusalReason.Unspecified
            ? (Sign(await keys.CurrentAsync(cancellationToken), key!, from, until), TimeSpan.FromSeconds(until - from), refusal)
            : ("", TimeSpan.Zero, refusal);
    }

    private static string Sign(UsableKey signingKey, KnownKey key, long from, long until)
    {
        var payload = JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["iss"] = Issuer,
            ["aud"] = Issuer,
            ["sub"] = key.AccountId,
            ["key_id"] = key.Id.ToString(),
            ["jti"] = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16)),
            ["iat"] = from,
            ["exp"] = until,
        });
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(
            payload, new SigningCredentials(new SymmetricSecurityKey(signingKey.Secret) { KeyId = signingKey.Kid }, Algorithm));
    }
}

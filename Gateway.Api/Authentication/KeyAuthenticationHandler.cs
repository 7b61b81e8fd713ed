using System.Text.Encodings.Web;
using LlmGateway.Gateway.Calls;
using LlmGateway.Gateway.OpenAi;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Authentication;

/// <summary>
/// Lets API keys in. A request without usable credentials gets 401, one with a key that is not valid 403, and while nobody can tell
/// 503: an outage of ours must not look like a bad key, because clients throw keys away.
/// </summary>
internal sealed class KeyAuthenticationHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> schemeOptions,
    ILoggerFactory loggerFactory,
    UrlEncoder encoder,
    KeyDirectory directory,
    IOptions<AuthOptions> options) : AuthenticationHandler<AuthenticationSchemeOptions>(schemeOptions, loggerFactory, encoder)
{
    public new const string Scheme = "key";

    private static readonly AuthenticateResult Refused = AuthenticateResult.Fail("The request has no valid key.");

    private ApiError _refusal = ApiErrors.Internal;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null)
        {
            return AuthenticateResult.NoResult();
        }

        if (!Credentials.TryRead(Request.Headers.Authorization, out var secret, out var fault))
        {
            _refusal = new(401, ApiErrors.InvalidRequest, "missing_api_key", fault);
            return Refused;
        }

        var lookup = await directory.FindAsync(secret);
        if (lookup.Ticket is { } ticket)
        {
            return ticket;
        }

        _refusal = lookup.Verdict == KeyVerdict.Refused
            ? new(options.Value.InvalidKeyStatus, ApiErrors.InvalidRequest, "invalid_api_key", "The API key is not valid.")
            : ApiErrors.KeysUnavailable;
        return Refused;
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (_refusal.Status == StatusCodes.Status401Unauthorized)
        {
            Response.Headers.WWWAuthenticate = "Bearer";
        }

        return OpenAiErrors.WriteAsync(Context, _refusal);
    }

    // The key is valid, and its role is not enough for the route.
    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        OpenAiErrors.WriteAsync(Context, ApiErrors.PermissionDenied);
}

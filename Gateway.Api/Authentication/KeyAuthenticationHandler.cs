using System.Text.Encodings.Web;
using LlmGateway.Gateway.Calls;
using LlmGateway.Gateway.Limits;
using LlmGateway.Protos.Keys.V1;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Authentication;

/// <summary>
/// Lets keys and tokens in. A request without usable credentials gets 401, one with a key that is not valid 403, and while nobody can
/// tell 503: an outage of ours must not look like a bad key, because clients throw keys away.
/// </summary>
internal sealed class KeyAuthenticationHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> schemeOptions,
    ILoggerFactory loggerFactory,
    UrlEncoder encoder,
    KeyDirectory directory,
    GatewayMetrics metrics,
    TimeProvider time,
    AddressLimits addresses,
    AuthenticationLog log,
    IOptions<AuthOptions> options) : AuthenticationHandler<AuthenticationSchemeOptions>(schemeOptions, loggerFactory, encoder)
{
    public new const string Scheme = "key";

    private static readonly Task<AuthenticateResult> NoResult = Task.FromResult(AuthenticateResult.NoResult());
    private static readonly AuthenticateResult Refused = AuthenticateResult.Fail("The request has no valid key.");

    private ApiError _refusal = ApiErrors.Internal;

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null)
        {
            return NoResult;
        }

        if (!Credentials.TryRead(Request, out var presented, out var fault))
        {
            log.Refused(Context, fault);
            return Task.FromResult(Refuse(new(401, ApiErrors.InvalidRequest, "missing_api_key", fault)));
        }

        var began = time.GetTimestamp();
        var finding = directory.FindAsync(presented, addresses.MayTryKeys(Context.Connection.RemoteIpAddress));
        return finding.IsCompletedSuccessfully ? Judge(finding.Result, presented.IsToken, began) : JudgeAsync(finding, presented.IsToken, began);
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (_refusal.Status == StatusCodes.Status401Unauthorized)
        {
            // RFC 6750, section 3.1.
            Response.Headers.WWWAuthenticate = _refusal.Code == KeyRefusals.InvalidToken ? "Bearer error=\"invalid_token\"" : "Bearer";
        }

        return ClientSurface.Of(Context).WriteErrorAsync(Context, _refusal);
    }

    // The key is valid, and its role is not enough for the route.
    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        log.Refused(Context, "PermissionDenied", Caller.Of(Context));
        return ClientSurface.Of(Context).WriteErrorAsync(Context, ApiErrors.PermissionDenied);
    }

    private async Task<AuthenticateResult> JudgeAsync(ValueTask<KeyLookup> finding, bool isToken, long began) =>
        await Judge(await finding, isToken, began);

    private Task<AuthenticateResult> Judge(KeyLookup lookup, bool isToken, long began)
    {
        metrics.Authenticated(time.GetElapsedTime(began));
        return lookup switch
        {
            { Key: { } key } => key.Ticket,
            { Verdict: KeyVerdict.Refused } => Task.FromResult(RefuseKey(lookup.Reason, isToken)),
            { Verdict: KeyVerdict.Unasked } => Task.FromResult(RefuseToAsk()),
            _ => Task.FromResult(Refuse(ApiErrors.KeysUnavailable)),
        };
    }

    private AuthenticateResult RefuseKey(RefusalReason reason, bool isToken)
    {
        log.Refused(Context, reason.ToString());
        addresses.KeyRefused(Context.Connection.RemoteIpAddress);
        return Refuse(KeyRefusals.ToError(reason, isToken, options.Value));
    }

    private AuthenticateResult RefuseToAsk()
    {
        log.Refused(Context, "TooManyRefusedKeys");
        return Refuse(addresses.RefuseToAsk());
    }

    private AuthenticateResult Refuse(ApiError refusal)
    {
        _refusal = refusal;
        return Refused;
    }
}

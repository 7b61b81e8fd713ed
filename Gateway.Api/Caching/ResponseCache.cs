using Grpc.Core;
using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Calls;
using LlmGateway.Protos.Routing.V1;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Caching;

/// <summary>What the cache does for one call.</summary>
/// <param name="Hit">The kept answer's events; null: a provider is to be asked.</param>
/// <param name="Recorded">Has the provider's answer kept on its way, where it may be.</param>
internal readonly record struct CacheTurn(
    IAsyncStreamReader<CompleteEvent>? Hit, Func<IAsyncStreamReader<CompleteEvent>, IAsyncStreamReader<CompleteEvent>> Recorded)
{
    public static CacheTurn None { get; } = new(null, static events => events);
}

/// <summary>
/// Whole answers of earlier calls, given again to the same account for the same request in the same form. Everything that admits a call
/// has been decided before it is asked.
/// </summary>
internal sealed class ResponseCache(
    AnswerStore store, HitCharges charges, ModelsCache models, IOptions<ResponseCacheOptions> options, ResponseCacheMetrics metrics, TimeProvider time)
{
    private readonly ResponseCacheOptions _options = options.Value;
    private readonly AllowedModels? _rule = options.Value.Patterns;

    /// <summary>The error of a request that asks for the cache in a way that there is not.</summary>
    public static ApiError? Fault(HttpContext context) => CacheUse.Of(context.Request.Headers, isRule: false).Error;

    public async ValueTask<CacheTurn> TakeTurnAsync(HttpContext context, CallRequest request)
    {
        var (use, _) = _options.Enabled ? CacheUse.Of(context.Request.Headers, _rule?.Allows(request.Model) ?? false) : default;
        if (use.IsNone || await NameAsync(request.Model) is not { Length: > 0 } model
            || TenantKey.Of(request.Caller, request, model) is not { } key)
        {
            return CacheTurn.None;
        }

        if (use.Reads && await HitAsync(key, request.Caller, context.TraceIdentifier) is { } hit)
        {
            context.Response.Headers[CacheUse.Header] = "hit";
            return new(hit, static events => events);
        }

        context.Response.Headers[CacheUse.Header] = "miss";
        var source = context.TraceIdentifier;
        return new(null, events => new AnswerRecorder(
            events, _options.MaxEntryBytes, request.Dialect != Dialect.OpenaiEmbeddings,
            kept => store.Keep(key, new(key.AccountId, source, time.GetUtcNow().ToUnixTimeSeconds(), kept))));
    }

    private async ValueTask<ReplayedAnswer?> HitAsync(TenantKey key, Caller caller, string requestId)
    {
        var answer = await store.FindAsync(key);
        var cost = answer is null ? null : await charges.ChargeAsync(caller, requestId, answer);
        metrics.LookedUp(hit: cost is not null);
        return cost is { } price ? new(answer!, price) : null;
    }

    // The default may change: what is kept is the answer of a model, not of a setting.
    private ValueTask<string> NameAsync(string model) => model.Length > 0 ? new(model) : models.GetDefaultAsync();
}

using LlmGateway.Gateway.Calls;
using LlmGateway.Gateway.Health;
using LlmGateway.Gateway.Limits;

namespace LlmGateway.Gateway.Anthropic;

/// <summary>
/// Answers as api.anthropic.com writes them: each event has its name in an <c>event:</c> line, without which its SDKs drop it, the end is
/// <c>message_stop</c>, and a refusal for want of money is 402 whatever OpenAI's clients get.
/// </summary>
internal sealed class AnthropicSurface : ClientSurface
{
    private const string Messages = "/v1/messages";
    private const string Models = "/v1/models";
    private const string Version = "anthropic-version";

    public static AnthropicSurface Instance { get; } = new();

    /// <summary>The list of models stands at OpenAI's path; Anthropic's clients are known by their version header there.</summary>
    public static bool Owns(HttpRequest request) =>
        request.Path.StartsWithSegments(Messages, StringComparison.Ordinal)
        || (request.Path.StartsWithSegments(Models, StringComparison.Ordinal) && request.Headers.ContainsKey(Version));

    public override LimitHeaders LimitHeaders => LimitHeaders.Anthropic;

    public override int QuotaStatus(int configured) => BillingOptions.PaymentRequired;

    public override Task WriteErrorAsync(HttpContext context, ApiError error) => AnthropicErrors.WriteAsync(context, error);

    public override void WriteEvent(SseWriter output, ReadOnlySpan<byte> json) => output.Event(EventName.Of(json), json);

    public override void WriteError(SseWriter output, HttpContext context, ApiError error, int events) =>
        output.Event("error"u8, AnthropicErrors.ToJson(error, context.TraceIdentifier));

    public override void WriteEnd(SseWriter output) => output.Event("message_stop"u8, """{"type":"message_stop"}"""u8);

    // A comment would do for proxies; a ping is what Anthropic's clients know.
    public override void WriteKeepAlive(SseWriter output) => output.Event("ping"u8, """{"type":"ping"}"""u8);
}

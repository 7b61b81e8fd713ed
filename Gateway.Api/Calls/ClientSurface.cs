using LlmGateway.Gateway.Anthropic;
using LlmGateway.Gateway.Limits;
using LlmGateway.Gateway.OpenAi;

namespace LlmGateway.Gateway.Calls;

/// <summary>
/// How the clients of one API are answered: the form of its errors, of its events and of their end. To add one: a class beside the
/// API's routes, and its paths in <see cref="Of"/>.
/// </summary>
internal abstract class ClientSurface
{
    /// <summary>By the path, so that what no route takes is answered in the form of its neighbours too.</summary>
    public static ClientSurface Of(HttpContext context) =>
        AnthropicSurface.Owns(context.Request) ? AnthropicSurface.Instance
        : ResponsesSurface.Owns(context.Request) ? ResponsesSurface.Instance
        : OpenAiSurface.Instance;

    public virtual LimitHeaders LimitHeaders => LimitHeaders.OpenAi;

    /// <summary>The status of refusals for want of money or tokens.</summary>
    /// <param name="configured">Billing:RefusalStatus.</param>
    public virtual int QuotaStatus(int configured) => configured;

    /// <summary>Only before the answer has begun.</summary>
    public abstract Task WriteErrorAsync(HttpContext context, ApiError error);

    /// <summary>One event of an answer.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="json">As Routing sent it.</param>
    public abstract void WriteEvent(SseWriter output, ReadOnlySpan<byte> json);

    /// <summary>The last event of an answer that had begun and failed.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="context">Of the request.</param>
    /// <param name="error">Why it failed.</param>
    /// <param name="events">Those of Routing that were written before.</param>
    public abstract void WriteError(SseWriter output, HttpContext context, ApiError error, int events);

    /// <summary>The end of a whole answer. Not flushed: it leaves together with the end of the body.</summary>
    public abstract void WriteEnd(SseWriter output);

    /// <summary>Between two events, while nothing comes.</summary>
    public virtual void WriteKeepAlive(SseWriter output) => output.KeepAlive();
}

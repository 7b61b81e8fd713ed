using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace LlmGateway.FakeProvider;

/// <summary>
/// A vendor's bytes for one call: <see cref="Whole"/>, or as a stream <see cref="Begin"/>, for each block <see cref="Open"/>,
/// <see cref="Piece"/>s and <see cref="Close"/>, then <see cref="Finish"/>. Each returns what goes on the wire, framed; nothing is "".
/// </summary>
internal abstract class Wire(ProviderCall call, Script script)
{
    protected ProviderCall Call { get; } = call;

    protected Script Script { get; } = script;

    /// <summary>False where the answer is no text of the model's, and has no tokens.</summary>
    public virtual bool Generates => true;

    public virtual string StreamType => "text/event-stream; charset=utf-8";

    /// <summary>True where the vendor's first event says only that the call is accepted, and comes before anything is generated.</summary>
    public virtual bool BeginsAtOnce => false;

    /// <summary>A sign of life while nothing is generated.</summary>
    public abstract string KeepAlive { get; }

    /// <summary>An event that is cut in its middle, and what follows it.</summary>
    public abstract string Garbage { get; }

    protected string Number => Call.Id.ToString(CultureInfo.InvariantCulture);

    /// <summary>Tokens that were generated and are not thinking.</summary>
    protected long Visible => Math.Max(0, Call.CompletionTokens - Call.ReasoningTokens);

    public static Wire Of(ProviderCall call, Script script) => call.Endpoint switch
    {
        Endpoint.Chat => new ChatWire(call, script),
        Endpoint.Completions => new CompletionsWire(call, script),
        Endpoint.Embeddings => new EmbeddingsWire(call, script),
        Endpoint.Responses => new ResponsesWire(call, script),
        Endpoint.Messages or Endpoint.CountTokens => new AnthropicWire(call, script),
        Endpoint.GenerateContent => new GeminiWire(call, script),
        Endpoint.EmbedContents => new GeminiEmbeddingsWire(call, script),
        _ => throw new ArgumentOutOfRangeException(nameof(call), call.Endpoint, "Not an endpoint that has a wire."),
    };

    /// <summary>What the vendor sends with every answer and error.</summary>
    public abstract void AddHeaders(IHeaderDictionary headers);

    public abstract ProviderError Of(Fault fault);

    public abstract string Error(ProviderError error);

    /// <summary>What stands in a stream when it breaks after its status was 200.</summary>
    public abstract string ErrorEvent(ProviderError error);

    public abstract string Whole(Answer answer);

    public abstract string Begin();

    public abstract string Open(Block block);

    public abstract string Piece(Block block, string piece);

    public abstract string Close(Block block);

    public abstract string Finish(Answer answer);

    /// <summary>The retry headers; Gemini has none.</summary>
    public virtual void AddRetry(IHeaderDictionary headers)
    {
        if (Script.RetryAt is { } ahead)
        {
            headers.RetryAfter = TimeProvider.System.GetUtcNow().Add(ahead).ToString("R", CultureInfo.InvariantCulture);
        }
        else if (Script.RetryAfter is { } after)
        {
            headers.RetryAfter = after;
        }

        if (Script.RetryAfterMs is { } milliseconds)
        {
            headers["retry-after-ms"] = milliseconds.ToString(CultureInfo.InvariantCulture);
        }
    }
}

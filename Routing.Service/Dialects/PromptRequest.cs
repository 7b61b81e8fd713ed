namespace LlmGateway.Routing.Dialects;

/// <summary>A client's request of any kind: its bytes, and the figures that a hold and an estimate need.</summary>
internal abstract class PromptRequest(ReadOnlyMemory<byte> body)
{
    public ReadOnlyMemory<byte> Body => body;

    /// <summary>Tokens of each answer at most, as the client asks; null where it does not say.</summary>
    public long? MaxOutputTokens { get; protected set; }

    /// <summary>Answers asked for.</summary>
    public int Choices { get; protected set; } = 1;

    /// <summary>UTF-8 bytes of the prompt's text: what an estimate goes by.</summary>
    public long PromptBytes { get; protected set; }

    /// <summary>Prompt tokens that are no text.</summary>
    public virtual long ImageTokens => 0;

    /// <summary>An upper bound of the prompt's tokens: what is held.</summary>
    public abstract long PromptBound { get; }

    /// <summary>The request in OpenAI's chat form.</summary>
    /// <exception cref="InvalidOperationException">It has none; <see cref="Calls.ModelFit"/> keeps it from models that chat.</exception>
    public abstract ChatRequest Chat { get; }
}

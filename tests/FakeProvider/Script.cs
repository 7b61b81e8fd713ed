namespace LlmGateway.FakeProvider;

/// <summary>A call of one of the client's tools.</summary>
/// <param name="Name">The tool's name.</param>
/// <param name="Arguments">A JSON object; empty sends none at all, as Anthropic streams a call without arguments.</param>
/// <param name="Pieces">Into how many pieces a stream cuts the arguments; Gemini never cuts them.</param>
/// <param name="Id">Null mints one in the vendor's style; Gemini then sends none.</param>
public sealed record ToolCall(string Name, string Arguments = "{}", int Pieces = 3, string? Id = null);

/// <summary>What one call is answered with, on whichever wire it comes. The defaults are a short, right answer.</summary>
public sealed partial record Script
{
    /// <summary>
    /// The proof that thinking is the model's own (Anthropic's signature, Gemini's thoughtSignature). It comes back with the next turn, and one
    /// that no script has sent is refused.
    /// </summary>
    public const string DefaultSignature = "ZmFrZS1zaWduYXR1cmU=";

    /// <summary>
    /// The answer's pieces; each is a chunk. Null makes "word0 ", "word1 ", … of <see cref="Chunks"/>, and no text beside tool calls.
    /// </summary>
    public IReadOnlyList<string>? Pieces { get; init; }

    public int Chunks { get; init; } = 3;

    /// <summary>
    /// The pieces are the whole answer, and an assistant's turn at the request's end is a part of it already: only what follows is sent.
    /// </summary>
    public bool ContinuesPrefill { get; init; }

    /// <summary>Answers <see cref="Fault.Prefill"/> when the request ends with an assistant's turn.</summary>
    public bool RefusesPrefill { get; init; }

    /// <summary>
    /// What the model thinks before it answers: Anthropic's thinking block, Gemini's thought parts, reasoning_content of OpenAI-compatible
    /// servers, a reasoning item of OpenAI's responses.
    /// </summary>
    public IReadOnlyList<string> Thinking { get; init; } = [];

    /// <summary>Anthropic's redacted_thinking block: opaque data that must come back as it is.</summary>
    public string? RedactedThinking { get; init; }

    /// <summary>
    /// Ends the thinking block (Anthropic); stands on the first function call, else on the last text (Gemini). Gemini sends it without visible
    /// thinking as well. Null leaves it out.
    /// </summary>
    public string? Signature { get; init; } = DefaultSignature;

    /// <summary>Calls of the client's tools, after the text; more than one are parallel.</summary>
    public IReadOnlyList<ToolCall> ToolCalls { get; init; } = [];

    /// <summary>Parallel calls come a piece of each in turn; on OpenAI's chat wire only, the others have one block open at a time.</summary>
    public bool Interleaved { get; init; }

    public Stop Stop { get; init; }

    /// <summary>The vendor's own word in place of what <see cref="Stop"/> says: MALFORMED_FUNCTION_CALL, a word of the future.</summary>
    public string? FinishReason { get; init; }

    /// <summary>Before the response headers.</summary>
    public TimeSpan HeaderDelay { get; init; }

    /// <summary>
    /// Between the headers and the first chunk. What says only that the call is accepted comes before it: Anthropic's message_start, OpenAI's
    /// response.created.
    /// </summary>
    public TimeSpan FirstDelay { get; init; }

    public TimeSpan ChunkDelay { get; init; }

    /// <summary>Sends a sign of life this often while a stream waits for its next chunk: OpenRouter's comment, Anthropic's ping.</summary>
    public TimeSpan? KeepAlive { get; init; }

    /// <summary>All of the prompt, cached or not. Null counts the words of its texts.</summary>
    public long? PromptTokens { get; init; }

    /// <summary>All that was generated, thinking too. Null counts the pieces, one token each.</summary>
    public long? CompletionTokens { get; init; }

    /// <summary>How many of the prompt's tokens came from the cache.</summary>
    public long CachedTokens { get; init; }

    /// <summary>How many of the prompt's tokens were written to the cache, for five minutes or an hour.</summary>
    public long CacheWriteTokens { get; init; }

    /// <summary>How many of <see cref="CacheWriteTokens"/> are kept for an hour.</summary>
    public long CacheWrite1hTokens { get; init; }

    /// <summary>How many of the generated tokens were thinking. Null counts the pieces of <see cref="Thinking"/>.</summary>
    public long? ReasoningTokens { get; init; }

    /// <summary>Counts the cached tokens in place of the script: what this deployment saw before. One for each deployment that has its own.</summary>
    public PrefixCache? PrefixCache { get; init; }

    public UsagePlacement Usage { get; init; } = UsagePlacement.LastChunk;

    public Ending Ending { get; init; } = Ending.Done;

    /// <summary>Chunks sent before an <see cref="Ending"/> other than Done takes place; null sends all.</summary>
    public int? EndAfter { get; init; }

    /// <summary>What an <see cref="Ending.ErrorEvent"/> says.</summary>
    public Fault StreamFault { get; init; } = Fault.Internal;

    /// <summary>Splits the stream's bytes into writes of this size, each flushed; 0 writes an event at a time.</summary>
    public int WriteSize { get; init; }

    /// <summary>Sends comments, "data:" without a space, and the other line ends than the vendor's: other servers' accents.</summary>
    public bool Accents { get; init; }

    /// <summary>Held here before the first byte of the answer.</summary>
    public Gate? Gate { get; init; }

    /// <summary>Held here after the first content chunk.</summary>
    public Gate? MiddleGate { get; init; }

    /// <summary>Other than 200, an error with <see cref="Body"/>.</summary>
    public int Status { get; init; } = 200;

    /// <summary>Replaces the whole answer's body.</summary>
    public string? Body { get; init; }

    public string ContentType { get; init; } = "application/json";

    /// <summary>The header as it is: seconds, or a date. Gemini has no such header: seconds go to its RetryInfo instead.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>Sends retry-after as the date that lies this far ahead when the call is answered.</summary>
    public TimeSpan? RetryAt { get; init; }

    /// <summary>Sends retry-after-ms.</summary>
    public long? RetryAfterMs { get; init; }

    /// <summary>The connection breaks before any response.</summary>
    public bool ResetBeforeHeaders { get; init; }

    /// <summary>OpenAI's endpoints have the headers and errors of a LiteLLM proxy.</summary>
    public bool LiteLlm { get; init; }

    /// <summary>How long the vectors of embeddings are, when the request does not say.</summary>
    public int Dimensions { get; init; } = 8;

    /// <summary>Headers beside those that the vendor sends.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    internal Fault? Failing { get; init; }

    internal ProviderError? Failure { get; init; }
}

namespace LlmGateway.FakeProvider;

/// <summary>A refusal or failure that each vendor puts in words, and a status, of its own.</summary>
public enum Fault
{
    Malformed,
    PromptTooLong,

    /// <summary>A 400; Gemini answers 200 with promptFeedback.blockReason and no candidate.</summary>
    ContentPolicy,

    /// <summary>A 401; Gemini's is a 400 with the reason API_KEY_INVALID.</summary>
    WrongKey,

    /// <summary>No key was sent.</summary>
    NoKey,

    Forbidden,
    UnknownModel,
    RateLimited,

    /// <summary>The account's money is spent. Gemini: the quota of the day.</summary>
    CreditSpent,

    /// <summary>A 503; Anthropic's is 529.</summary>
    Overloaded,

    Internal,
    TooLarge,
    Timeout,

    /// <summary>The conversation ends with an assistant's turn, and the model does not continue one.</summary>
    Prefill,
}

/// <summary>An error as its wire needs it.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Message">What the vendor says.</param>
/// <param name="Type">OpenAI's and Anthropic's error.type, Gemini's error.status; null is what goes with the status.</param>
/// <param name="Code">OpenAI's error.code; Gemini's reason in ErrorInfo.</param>
/// <param name="Param">OpenAI's error.param.</param>
internal sealed record ProviderError(int Status, string Message, string? Type = null, string? Code = null, string? Param = null);

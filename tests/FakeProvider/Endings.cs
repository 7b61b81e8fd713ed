namespace LlmGateway.FakeProvider;

/// <summary>How an answer ends.</summary>
public enum Ending
{
    /// <summary>As the vendor ends it: a finish reason, usage, the terminal event if the wire has one, the body's end.</summary>
    Done,

    /// <summary>As <see cref="Done"/>, without the terminal event: OpenAI's [DONE], Anthropic's message_stop. Gemini has none to leave out.</summary>
    NoDone,

    /// <summary>The body ends cleanly after the last content: no finish reason, no usage, no terminal event.</summary>
    NoFinish,

    /// <summary>The connection breaks in the middle of the body.</summary>
    Cut,

    /// <summary>Nothing more comes, and the connection stays open.</summary>
    Stall,

    /// <summary>An event that is not JSON.</summary>
    Garbage,

    /// <summary>An event with an error, <see cref="Script.StreamFault"/>; on OpenAI's wire then [DONE], as vLLM does it.</summary>
    ErrorEvent,

    /// <summary>A bare JSON error without "data:", then the body's end.</summary>
    ErrorTail,
}

/// <summary>Where a streamed answer reports its usage.</summary>
public enum UsagePlacement
{
    /// <summary>
    /// The vendor's way. OpenAI: a last chunk with empty choices, when the client asked for it. Anthropic: message_start and message_delta.
    /// Gemini: every event, cumulative.
    /// </summary>
    LastChunk,

    /// <summary>Nowhere, asked for or not.</summary>
    Never,

    /// <summary>On every chunk, growing; llama.cpp and some gateways.</summary>
    EveryChunk,

    /// <summary>With the finish reason, and nowhere else.</summary>
    FinishChunk,

    /// <summary>Before the first content, and nowhere else.</summary>
    FirstChunk,
}

/// <summary>Why the model stopped.</summary>
public enum Stop
{
    /// <summary>The end of the answer, its tool calls, or the request's maximum, whichever is met.</summary>
    Natural,

    MaxTokens,

    /// <summary>One of the request's stop strings, the first of them.</summary>
    StopSequence,

    /// <summary>OpenAI content_filter, Anthropic refusal, Gemini SAFETY.</summary>
    Refusal,

    /// <summary>The model's context is full: length, model_context_window_exceeded, MAX_TOKENS.</summary>
    ContextFull,

    /// <summary>Anthropic's pause_turn; a plain end elsewhere.</summary>
    Pause,
}

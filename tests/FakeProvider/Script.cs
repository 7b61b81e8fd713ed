using System.Globalization;

namespace LlmGateway.FakeProvider;

/// <summary>How an answer ends.</summary>
public enum Ending
{
    /// <summary>A chunk with a finish_reason, usage if asked for, [DONE], the body's end.</summary>
    Done,

    /// <summary>As <see cref="Done"/>, without [DONE].</summary>
    NoDone,

    /// <summary>The body ends cleanly after the last content: no finish_reason, no usage, no [DONE].</summary>
    NoFinish,

    /// <summary>The connection breaks in the middle of the body.</summary>
    Cut,

    /// <summary>Nothing more comes, and the connection stays open.</summary>
    Stall,

    /// <summary>An event that is not JSON.</summary>
    Garbage,

    /// <summary>An event with an error object, then [DONE], as vLLM does it.</summary>
    ErrorEvent,

    /// <summary>A bare JSON error without "data:", then the body's end.</summary>
    ErrorTail,
}

/// <summary>Where a streamed answer reports its usage.</summary>
public enum UsagePlacement
{
    /// <summary>On a last chunk with empty choices, when the client asked for it: OpenAI's way.</summary>
    LastChunk,

    /// <summary>Nowhere, asked for or not.</summary>
    Never,

    /// <summary>On every chunk, growing; llama.cpp and some gateways.</summary>
    EveryChunk,

    /// <summary>On the chunk with the finish_reason.</summary>
    FinishChunk,

    /// <summary>On a chunk with empty choices before the first content, and nowhere else.</summary>
    FirstChunk,
}

/// <summary>What one call is answered with. The defaults are a short, right answer.</summary>
public sealed record Script
{
    /// <summary>The answer's pieces; each is a chunk. Null makes "word0 ", "word1 ", … of <see cref="Chunks"/>.</summary>
    public IReadOnlyList<string>? Pieces { get; init; }

    public int Chunks { get; init; } = 3;

    /// <summary>Before the response headers.</summary>
    public TimeSpan HeaderDelay { get; init; }

    /// <summary>Between the headers and the first chunk.</summary>
    public TimeSpan FirstDelay { get; init; }

    public TimeSpan ChunkDelay { get; init; }

    /// <summary>Sends a comment this often while a stream waits for its next chunk, as OpenRouter does.</summary>
    public TimeSpan? KeepAlive { get; init; }

    /// <summary>Null counts the words of the messages.</summary>
    public long? PromptTokens { get; init; }

    /// <summary>Null counts the chunks, one token each.</summary>
    public long? CompletionTokens { get; init; }

    public long CachedTokens { get; init; }

    public long ReasoningTokens { get; init; }

    public UsagePlacement Usage { get; init; } = UsagePlacement.LastChunk;

    public Ending Ending { get; init; } = Ending.Done;

    /// <summary>Chunks sent before an <see cref="Ending"/> other than Done takes place; null sends all.</summary>
    public int? EndAfter { get; init; }

    /// <summary>Splits the stream's bytes into writes of this size, each flushed; 0 writes an event at a time.</summary>
    public int WriteSize { get; init; }

    /// <summary>Sends CRLF, comments, and "data:" without a space: other servers' accents.</summary>
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

    public string? RetryAfter { get; init; }

    /// <summary>The connection breaks before any response.</summary>
    public bool ResetBeforeHeaders { get; init; }

    /// <summary>An error in OpenAI's shape.</summary>
    public static Script Error(
        int status, string? code = null, string? message = null, string type = "invalid_request_error", string? param = null, string? retryAfter = null) =>
        new() { Status = status, RetryAfter = retryAfter, Body = ChatWire.Error(message ?? $"Scripted error {status}.", type, param, code) };

    /// <summary>A proxy's page instead of an answer.</summary>
    public static Script Html(int status = 502) => new()
    {
        Status = status,
        ContentType = "text/html",
        Body = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center></body>\r\n</html>\r\n",
    };

    /// <summary>
    /// The script that a model's name asks for: fake-cut, fake-stall, fake-garbage, fake-no-finish, fake-no-done, fake-html,
    /// fake-reset, fake-silent, fake-slow, fake-500 (any status). Anything else is a short, right answer.
    /// </summary>
    public static Script ForModel(string model) => model switch
    {
        "fake-cut" => new Script { Ending = Ending.Cut, Chunks = 6, EndAfter = 3 },
        "fake-stall" => new Script { Ending = Ending.Stall, Chunks = 6, EndAfter = 3 },
        "fake-garbage" => new Script { Ending = Ending.Garbage, Chunks = 6, EndAfter = 3 },
        "fake-no-finish" => new Script { Ending = Ending.NoFinish },
        "fake-no-done" => new Script { Ending = Ending.NoDone },
        "fake-html" => Html(),
        "fake-reset" => new Script { ResetBeforeHeaders = true },
        "fake-silent" => new Script { HeaderDelay = Timeout.InfiniteTimeSpan },
        "fake-slow" => new Script { Chunks = 50, ChunkDelay = TimeSpan.FromMilliseconds(20) },
        _ when model.StartsWith("fake-", StringComparison.Ordinal)
            && int.TryParse(model.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var status)
            && status is >= 400 and < 600 => Error(status, retryAfter: status == 429 ? "7" : null),
        _ => new Script(),
    };
}

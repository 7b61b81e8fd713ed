using System.Globalization;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Functional.Tests.Crashes;

/// <summary>What a client does, and what its provider does to it.</summary>
internal enum CallKind
{
    Plain,
    Stream,

    /// <summary>A stream without a maximum of its own, which holds little at first and more as it goes.</summary>
    Growing,

    /// <summary>The client goes after the first words.</summary>
    LeftStream,

    /// <summary>The client goes before the answer.</summary>
    LeftPlain,

    /// <summary>The provider fails before its first word.</summary>
    Failing,

    /// <summary>The provider breaks off in the middle.</summary>
    BreakingOff,
}

/// <summary>
/// One call of one client. Its prompt's first word is its own, for the provider; and its prompt has a length of its own among its account's,
/// in words, which is what the provider counts, and in bytes, which is what an estimate counts: so that a charge tells which call it is for.
/// </summary>
internal sealed record MadeCall(string Account, int Client, int Number, CallKind Kind)
{
    /// <summary>Null when the client left, or got nothing that it could read.</summary>
    public ChatAnswer? Answer { get; init; }

    /// <summary>The client has a whole answer and its terminator.</summary>
    public bool Finished => Answer is { Ended: true };

    /// <summary>Seven characters.</summary>
    public string Tag { get; } = string.Create(CultureInfo.InvariantCulture, $"{Client:D2}x{Number:D4}");

    public int Words => 4 + (2 * Number);

    public string Prompt => Tag + string.Concat(Enumerable.Repeat(" a", Words - 1));

    /// <summary>The prompt's tokens when the provider did not come to report them: a quarter of the bytes.</summary>
    public int EstimatedWords => (Prompt.Length + 3) / 4;

    public string Model => Kind switch
    {
        CallKind.Failing => "fake-500",
        CallKind.BreakingOff => "fake-cut",
        _ => GatewaySystem.Model,
    };
}

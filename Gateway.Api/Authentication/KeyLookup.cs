using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Authentication;

internal enum KeyVerdict
{
    Known,
    Refused,

    /// <summary>Keys.Service cannot be asked, and nothing is remembered that would do instead.</summary>
    Unknowable,

    /// <summary>The key is not known, and nobody was to be asked about it.</summary>
    Unasked,
}

/// <param name="Key">With verdict Known.</param>
/// <param name="Reason">With verdict Refused.</param>
internal readonly record struct KeyLookup(KeyVerdict Verdict, KnownKey? Key = null, RefusalReason Reason = RefusalReason.Unspecified);

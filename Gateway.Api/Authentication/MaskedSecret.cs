namespace LlmGateway.Gateway.Authentication;

/// <summary>The form in which Keys.Service shows a key, for whatever a client sent and may be one.</summary>
internal static class MaskedSecret
{
    public static string Of(ReadOnlySpan<char> secret) => string.Concat(secret[..Math.Min(secret.Length < 16 ? 3 : 8, secret.Length)], "...");
}

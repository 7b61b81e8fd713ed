using Microsoft.Extensions.Primitives;

namespace LlmGateway.Gateway.Authentication;

/// <summary>What a client presents: <c>Authorization: Bearer {secret}</c>.</summary>
internal static class Credentials
{
    public const int MaxLength = 512;
    private const string Bearer = "Bearer ";

    /// <summary>The secret, or the reason why there is none.</summary>
    public static bool TryRead(StringValues authorization, out string secret, out string fault)
    {
        secret = fault = "";
        if (authorization.Count != 1 || string.IsNullOrWhiteSpace(authorization[0]))
        {
            fault = authorization.Count > 1 ? "Only one Authorization header is accepted." : "Send your API key: 'Authorization: Bearer YOUR_KEY'.";
            return false;
        }

        var value = authorization[0]!;
        if (!value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            fault = "The Authorization header must have the scheme Bearer.";
            return false;
        }

        var candidate = value.AsSpan(Bearer.Length).Trim(' ');
        fault = candidate switch
        {
            { IsEmpty: true } => "The API key is empty.",
            { Length: > MaxLength } => $"The API key is longer than {MaxLength} characters.",
            _ when candidate.ContainsAnyExceptInRange('!', '~') => "The API key has characters that no key has.",
            _ => "",
        };
        if (fault.Length > 0)
        {
            return false;
        }

        secret = candidate.ToString();
        return true;
    }
}

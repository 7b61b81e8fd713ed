using System.Buffers;
using LlmGateway.Gateway.Anthropic;
using LlmGateway.Protos.Keys.V1;
using Microsoft.Extensions.Primitives;

namespace LlmGateway.Gateway.Authentication;

/// <summary>What a client presents, within the limits of the contract with Keys.Service.</summary>
/// <param name="secret">Printable ASCII.</param>
/// <param name="isInternal">It came as <c>x-internal-auth</c>.</param>
/// <param name="isToken">It has the form of a signed token.</param>
internal readonly ref struct Presented(ReadOnlySpan<char> secret, bool isInternal, bool isToken)
{
    public ReadOnlySpan<char> Secret { get; } = secret;

    public bool IsInternal { get; } = isInternal;

    public bool IsToken { get; } = isToken;

    public SecretHash Hash() => SecretHash.Of(Secret, IsInternal);

    public PresentedSecret ToProto() => new() { Secret = Secret.ToString(), Internal = IsInternal };
}

/// <summary>
/// Reads <c>Authorization: Bearer {key or token}</c> or <c>x-internal-auth: {key}</c>. A request that has the second is judged by it alone.
/// Where Anthropic's API is spoken, <c>x-api-key: {key or token}</c> stands for a missing Authorization.
/// </summary>
internal static class Credentials
{
    public const string InternalHeader = "x-internal-auth";
    public const string AnthropicHeader = "x-api-key";
    public const int MaxKeyLength = 512;
    public const int MaxTokenLength = 8192;

    private const string Bearer = "Bearer ";

    // RFC 4648, section 5.
    private static readonly SearchValues<char> Base64Url =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>The secret, or the reason why there is none.</summary>
    public static bool TryRead(HttpRequest request, out Presented presented, out string fault)
    {
        var headers = request.Headers;
        return headers.TryGetValue(InternalHeader, out var internalKey)
            ? TryReadInternal(internalKey, out presented, out fault)
            : headers.Authorization.Count == 0 && headers.TryGetValue(AnthropicHeader, out var key) && AnthropicSurface.Owns(request)
                ? TryReadAnthropic(key, out presented, out fault)
                : TryReadBearer(headers.Authorization, out presented, out fault);
    }

    public static bool TryReadBearer(StringValues authorization, out Presented presented, out string fault)
    {
        presented = default;
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

        return TryReadSecret(value.AsSpan(Bearer.Length), out presented, out fault);
    }

    /// <summary>header.payload.signature, none of them empty.</summary>
    internal static bool IsToken(ReadOnlySpan<char> secret)
    {
        var first = secret.IndexOf('.');
        var second = secret.LastIndexOf('.');
        return first > 0 && second > first + 1 && second < secret.Length - 1
            && !secret[..first].ContainsAnyExcept(Base64Url)
            && !secret[(first + 1)..second].ContainsAnyExcept(Base64Url)
            && !secret[(second + 1)..].ContainsAnyExcept(Base64Url);
    }

    private static bool TryReadAnthropic(StringValues key, out Presented presented, out string fault)
    {
        if (key.Count == 1)
        {
            return TryReadSecret(key[0], out presented, out fault);
        }

        presented = default;
        fault = $"Only one {AnthropicHeader} header is accepted.";
        return false;
    }

    private static bool TryReadSecret(ReadOnlySpan<char> text, out Presented presented, out string fault)
    {
        var secret = text.Trim(' ');
        var isToken = secret.Length <= MaxTokenLength && IsToken(secret);
        fault = Fault(secret, isToken ? MaxTokenLength : MaxKeyLength);
        presented = fault.Length == 0 ? new(secret, isInternal: false, isToken) : default;
        return fault.Length == 0;
    }

    private static bool TryReadInternal(StringValues internalKey, out Presented presented, out string fault)
    {
        var secret = internalKey.Count == 1 ? internalKey[0].AsSpan().Trim(' ') : default;
        fault = internalKey.Count > 1 ? $"Only one {InternalHeader} header is accepted." : Fault(secret, MaxKeyLength);
        presented = fault.Length == 0 ? new(secret, isInternal: true, isToken: false) : default;
        return fault.Length == 0;
    }

    private static string Fault(ReadOnlySpan<char> secret, int maxLength) => secret switch
    {
        { IsEmpty: true } => "The API key is empty.",
        _ when secret.Length > maxLength => $"The API key is longer than {maxLength} characters.",
        _ when secret.ContainsAnyExceptInRange('!', '~') => "The API key has characters that no key has.",
        _ => "",
    };
}

using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace LlmGateway.Keys.Tokens;

/// <summary>Section <c>Keys</c>, the part that encrypts.</summary>
internal sealed class WrappingOptions
{
    /// <summary>32 bytes in base64, that signing keys are encrypted under in the database. A secret.</summary>
    public string? WrappingKey { get; set; }

    public byte[]? Bytes()
    {
        var bytes = new byte[33];
        return Convert.TryFromBase64String(WrappingKey ?? "", bytes, out var length) && length == 32 ? bytes[..32] : null;
    }
}

internal sealed class WrappingOptionsValidator : IValidateOptions<WrappingOptions>
{
    public ValidateOptionsResult Validate(string? name, WrappingOptions options) =>
        string.IsNullOrEmpty(options.WrappingKey) || options.Bytes() is not null
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail("Keys:WrappingKey: must be 32 bytes in base64 (openssl rand -base64 32).");
}

/// <summary>Encrypts signing keys at rest: AES-256-GCM with the kid as associated data, so that two rows cannot be exchanged.</summary>
internal sealed class WrappingKey
{
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private readonly byte[] _key;

    private WrappingKey(byte[] key) => _key = key;

    /// <summary>The configured one; else one of JWT_SECRET_KEY; null without either.</summary>
    public static WrappingKey? From(WrappingOptions wrapping, TokenOptions tokens)
    {
        if (wrapping.Bytes() is { } configured)
        {
            return new WrappingKey(configured);
        }

        return string.IsNullOrEmpty(tokens.SecretKey) ? null : new WrappingKey(HKDF.DeriveKey(
            HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(tokens.SecretKey), 32, info: "LlmGateway signing keys 1"u8.ToArray()));
    }

    public byte[] Wrap(string kid, byte[] secret)
    {
        var wrapped = new byte[NonceSize + secret.Length + TagSize];
        var (nonce, body, tag) = Split(wrapped);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(_key, TagSize);
        aes.Encrypt(nonce, secret, body, tag, Encoding.UTF8.GetBytes(kid));
        return wrapped;
    }

    /// <summary>Null when it was wrapped under another key or for another kid.</summary>
    public byte[]? Unwrap(string kid, byte[] wrapped)
    {
        if (wrapped.Length != NonceSize + IssuedTokens.SecretSize + TagSize)
        {
            return null;
        }

        var (nonce, body, tag) = Split(wrapped);
        var secret = new byte[body.Length];
        using var aes = new AesGcm(_key, TagSize);
        try
        {
            aes.Decrypt(nonce, body, tag, secret, Encoding.UTF8.GetBytes(kid));
            return secret;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private static Parts Split(byte[] wrapped) =>
        new(wrapped.AsSpan(0, NonceSize), wrapped.AsSpan(NonceSize..^TagSize), wrapped.AsSpan(wrapped.Length - TagSize));

    private readonly ref struct Parts(Span<byte> nonce, Span<byte> body, Span<byte> tag)
    {
        private readonly Span<byte> _nonce = nonce;
        private readonly Span<byte> _body = body;
        private readonly Span<byte> _tag = tag;

        public void Deconstruct(out Span<byte> nonce, out Span<byte> body, out Span<byte> tag)
        {
            nonce = _nonce;
            body = _body;
            tag = _tag;
        }
    }
}

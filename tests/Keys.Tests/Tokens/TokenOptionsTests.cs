using System.ComponentModel.DataAnnotations;
using LlmGateway.Keys.Tokens;

namespace LlmGateway.Keys.Tests.Tokens;

public sealed class TokenOptionsTests
{
    private static readonly string LongSecret = new('s', 64);

    public static TheoryData<string, string?> Wrong => new()
    {
        { "HS256", null },
        { "Algorithm=none", "Auth:Jwt:Algorithm: must be HS256, HS384, HS512, RS256 or ES256." },
        { "Algorithm=hs256", "Auth:Jwt:Algorithm: must be" },
        { "SecretKey=short", "Auth:Jwt:SecretKey: must be at least 32 bytes for HS256." },
        { $"SecretKey={LongSecret[..31]}", "Auth:Jwt:SecretKey: must be at least 32 bytes for HS256." },
        { $"SecretKey={LongSecret[..32]}", null },
        { $"Algorithm=HS384;SecretKey={LongSecret[..47]}", "Auth:Jwt:SecretKey: must be at least 48 bytes for HS384." },
        { $"Algorithm=HS512;SecretKey={LongSecret[..63]}", "Auth:Jwt:SecretKey: must be at least 64 bytes for HS512." },
        { $"Algorithm=HS512;SecretKey={LongSecret}", null },
        { "Algorithm=RS256", "Auth:Jwt:JwksUrl: RS256 needs it." },
        { "JwksUrl=https://a.example;Issuer=a;Audience=b", "Auth:Jwt:JwksUrl: is for RS256 and ES256, and Auth:Jwt:Algorithm is HS256." },
        { "Algorithm=ES256;JwksUrl=https://a.example;Issuer=a;Audience=b", null },
        { "Algorithm=ES256;JwksUrl=http://127.0.0.1:1/;Issuer=a;Audience=b", null },
        { "Algorithm=ES256;JwksUrl=http://a.example;Issuer=a;Audience=b", "Auth:Jwt:JwksUrl: must be an https address; http only on this machine." },
        { "Algorithm=ES256;JwksUrl=http://localhost.a.example;Issuer=a;Audience=b", "Auth:Jwt:JwksUrl: must be an https address" },
        { "Algorithm=ES256;JwksUrl=file:///etc/passwd;Issuer=a;Audience=b", "Auth:Jwt:JwksUrl: must be an https address" },
        { "Algorithm=ES256;JwksUrl=keys;Issuer=a;Audience=b", "Auth:Jwt:JwksUrl: must be an https address" },
        { "Algorithm=ES256;JwksUrl=https://a.example;Audience=b", "Auth:Jwt:Issuer: Auth:Jwt:JwksUrl needs it." },
        { "Algorithm=ES256;JwksUrl=https://a.example;Issuer=a", "Auth:Jwt:Audience: Auth:Jwt:JwksUrl needs it." },
        { "Issuer=llmgateway", "Auth:Jwt:Issuer: llmgateway is this service's own." },
        { "ExpireMinutes=0", "Auth:Jwt:ExpireMinutes: must be 1 to 1440." },
        { "ExpireMinutes=1441", "Auth:Jwt:ExpireMinutes: must be 1 to 1440." },
        { "ClockSkewSeconds=-1", "Auth:Jwt:ClockSkewSeconds: must be 0 to 300." },
        { "ClockSkewSeconds=301", "Auth:Jwt:ClockSkewSeconds: must be 0 to 300." },
        { "JwksRefreshMinutes=0", "Auth:Jwt:JwksRefreshMinutes: must be 1 to 1440." },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_setting_that_is_wrong_is_refused_by_its_path(string settings, string? message)
    {
        var options = new TokenOptions();
        foreach (var setting in settings.Split(';').Select(text => text.Split('=', 2)).Where(pair => pair.Length == 2))
        {
            var property = typeof(TokenOptions).GetProperty(setting[0])!;
            property.SetValue(options, property.PropertyType == typeof(int) ? int.Parse(setting[1]) : setting[1]);
        }

        var errors = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), errors, validateAllProperties: true);
        var text = string.Join('\n', errors.Select(error => error.ErrorMessage).Append(new TokenOptionsValidator().Validate(null, options).FailureMessage)).Trim();

        if (message is null)
        {
            text.ShouldBeEmpty();
        }

        text.ShouldContain(message ?? "");
        text.ShouldNotContain(options.SecretKey ?? "no secret");
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("", true)]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", true)]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", false)]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false)]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false)]
    [InlineData("not base64, and some more to be longer than a key is", false)]
    public void A_wrapping_key_is_32_bytes(string? key, bool isTaken)
    {
        var result = new WrappingOptionsValidator().Validate(null, new WrappingOptions { WrappingKey = key });

        result.Succeeded.ShouldBe(isTaken);
        (result.FailureMessage ?? "Keys:WrappingKey: must be 32 bytes").ShouldStartWith("Keys:WrappingKey: must be 32 bytes");
    }
}

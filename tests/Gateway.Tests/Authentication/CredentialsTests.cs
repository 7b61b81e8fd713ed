using LlmGateway.Gateway.Authentication;
using Microsoft.Extensions.Primitives;

namespace LlmGateway.Gateway.Tests.Authentication;

public sealed class CredentialsTests
{
    public static TheoryData<string?> Unusable =>
    [
        null, "", " ", "Bearer", "Bearer ", "Bearer    ", "Basic dXNlcjpwYXNz", "sk-without-a-scheme", "Bearer sk-with space",
        "Bearer sk-caf\u00e9", "Bearer sk-\u0007", $"Bearer {new string('x', 513)}",
    ];

    [Theory]
    [MemberData(nameof(Unusable))]
    public void What_cannot_be_a_key_is_refused_with_a_reason(string? header)
    {
        Credentials.TryRead(header, out var secret, out var fault).ShouldBeFalse();

        secret.ShouldBeEmpty();
        fault.ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("Bearer sk-a", "sk-a")]
    [InlineData("bearer  sk-a ", "sk-a")]
    [InlineData("BEARER !~", "!~")]
    public void A_bearer_s_secret_is_read(string header, string secret)
    {
        Credentials.TryRead(header, out var read, out _).ShouldBeTrue();

        read.ShouldBe(secret);
    }

    [Fact]
    public void The_longest_key_has_512_characters() =>
        Credentials.TryRead($"Bearer {new string('x', 512)}", out _, out _).ShouldBeTrue();

    [Fact]
    public void Two_headers_are_one_too_many() =>
        Credentials.TryRead(new StringValues(["Bearer sk-a", "Bearer sk-b"]), out _, out _).ShouldBeFalse();
}

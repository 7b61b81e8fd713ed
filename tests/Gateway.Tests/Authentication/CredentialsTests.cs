using LlmGateway.Gateway.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace LlmGateway.Gateway.Tests.Authentication;

public sealed class CredentialsTests
{
    public static TheoryData<string?> Unusable =>
    [
        null, "", " ", "Bearer", "Bearer ", "Bearer    ", "Basic dXNlcjpwYXNz", "sk-without-a-scheme", "Bearer sk-with space",
        "Bearer sk-caf\u00e9", "Bearer sk-\u0007", $"Bearer {new string('x', 513)}", $"Bearer {Token(8193)}",

        // Too long for a key, and no token: an empty part, a fourth part, a character of another alphabet.
        $"Bearer h.{new string('p', 600)}.", $"Bearer h.{new string('p', 600)}.s.s", $"Bearer h.{new string('p', 600)}+.s",
    ];

    [Theory]
    [MemberData(nameof(Unusable))]
    public void What_can_be_neither_key_nor_token_is_refused_with_a_reason(string? header)
    {
        Credentials.TryReadBearer(header, out var presented, out var fault).ShouldBeFalse();

        presented.Secret.Length.ShouldBe(0);
        fault.ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("Bearer sk-a", "sk-a", false)]
    [InlineData("bearer  sk-a ", "sk-a", false)]
    [InlineData("BEARER !~", "!~", false)]
    [InlineData("Bearer a.b.c", "a.b.c", true)]
    [InlineData("Bearer a.b.c_-9Z", "a.b.c_-9Z", true)]
    [InlineData("Bearer a.b.", "a.b.", false)]
    [InlineData("Bearer a..c", "a..c", false)]
    [InlineData("Bearer .b.c", ".b.c", false)]
    [InlineData("Bearer a.b.c.d", "a.b.c.d", false)]
    [InlineData("Bearer a.b.c=", "a.b.c=", false)]
    public void A_bearer_s_secret_is_read_and_its_form_is_seen(string header, string secret, bool isToken)
    {
        Credentials.TryReadBearer(header, out var read, out _).ShouldBeTrue();

        (read.Secret.ToString(), read.IsToken, read.IsInternal).ShouldBe((secret, isToken, false));
    }

    [Fact]
    public void The_longest_key_has_512_characters_and_the_longest_token_8192()
    {
        Credentials.TryReadBearer($"Bearer {new string('x', 512)}", out _, out _).ShouldBeTrue();
        Credentials.TryReadBearer($"Bearer {Token(8192)}", out var token, out _).ShouldBeTrue();
        token.IsToken.ShouldBeTrue();
    }

    [Fact]
    public void Two_headers_are_one_too_many()
    {
        Credentials.TryReadBearer(new StringValues(["Bearer sk-a", "Bearer sk-b"]), out _, out _).ShouldBeFalse();
        ReadInternal(out _, "sk-a", "sk-b").ShouldBeFalse();
    }

    [Fact]
    public void An_internal_key_counts_alone()
    {
        ReadInternal(out var presented, "sk-internal").ShouldBeTrue();
        presented.ShouldBe("sk-internal");

        ReadInternal(out _, "").ShouldBeFalse();
        ReadInternal(out _, " ").ShouldBeFalse();
        ReadInternal(out _, new string('x', 513)).ShouldBeFalse();
        ReadInternal(out _, Token(600)).ShouldBeFalse();
    }

    [Theory]
    [InlineData("/v1/messages", null, "sk-x")]
    [InlineData("/v1/messages/count_tokens", null, "sk-x")]
    [InlineData("/v1/messages", "Bearer sk-b", "sk-b")]
    [InlineData("/v1/messages", "", null)]
    [InlineData("/v1/chat/completions", null, null)]
    [InlineData("/v1/models", null, null)]
    public void Anthropic_s_header_stands_for_a_missing_Authorization_where_its_API_is_spoken(string path, string? authorization, string? secret)
    {
        var request = new DefaultHttpContext().Request;
        request.Path = path;
        request.Headers["x-api-key"] = " sk-x ";
        if (authorization is not null)
        {
            request.Headers.Authorization = authorization;
        }

        Credentials.TryRead(request, out var presented, out _).ShouldBe(secret is not null);
        presented.Secret.ToString().ShouldBe(secret ?? "");
    }

    [Fact]
    public void Anthropic_s_header_is_bound_by_the_same_rules()
    {
        foreach (var key in new StringValues[] { "", " ", new string('x', 513), "sk-caf\u00e9", new(["sk-a", "sk-b"]) })
        {
            var request = new DefaultHttpContext().Request;
            request.Path = "/v1/messages";
            request.Headers["x-api-key"] = key;

            Credentials.TryRead(request, out _, out var fault).ShouldBeFalse();
            fault.ShouldNotBeEmpty();
        }
    }

    [Fact]
    public void The_hash_of_a_secret_depends_on_all_of_it_and_on_its_header()
    {
        string[] secrets = ["", "a", new('x', 511), new('x', 512), new('x', 513), Token(8192), Token(8191)];
        var hashes = secrets.SelectMany(secret => new[] { SecretHash.Of(secret), SecretHash.Of(secret, isInternal: true) }).ToList();

        hashes.ShouldBeUnique();
        SecretHash.Of(Token(8192)).ShouldBe(hashes[10]);
    }

    private static string Token(int length) => $"h.{new string('p', length - 4)}.s";

    // Beside a good Authorization header, which must not be looked at.
    private static bool ReadInternal(out string secret, params string[] values)
    {
        var request = new DefaultHttpContext().Request;
        request.Headers.Authorization = "Bearer sk-good";
        request.Headers["x-internal-auth"] = new StringValues(values);
        var read = Credentials.TryRead(request, out var presented, out var fault);
        secret = presented.Secret.ToString();
        (presented.IsInternal, fault.Length == 0).ShouldBe((read, read));
        return read;
    }
}

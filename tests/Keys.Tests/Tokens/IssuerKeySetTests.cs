using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using LlmGateway.Keys.Tokens;

namespace LlmGateway.Keys.Tests.Tokens;

public sealed class IssuerKeySetTests
{
    private static readonly string Modulus = Base64Url.EncodeToString([0x80, .. new byte[254], 1]);

    [Fact]
    public void Only_strong_public_signature_keys_of_the_algorithm_are_taken()
    {
        using var rsa = OutsideKey.Rsa("rsa");
        using var ec = OutsideKey.P256("ec");
        using var weak = OutsideKey.Rsa("weak", bits: 1024);
        var set = OutsideIssuer.KeySet(rsa, ec, weak);

        Kids(set, "RS256").ShouldBe(["rsa"]);
        Kids(set, "ES256").ShouldBe(["ec"]);
        Kids($$"""{"keys":[{{ec.Published.Replace("P-256", "P-384")}},{{ec.Published.Replace("\"x\":\"", "\"x\":\"AA")}}]}""", "ES256").ShouldBeEmpty();
        Kids($$"""{"keys":[{"kty":"EC","crv":"P-256","x":"{{Base64Url.EncodeToString(new byte[32])}}","y":"{{Base64Url.EncodeToString(new byte[32])}}"}]}""", "ES256")
            .ShouldBeEmpty("Not a point of the curve.");
    }

    [Theory]
    [InlineData("", "AQAB", true)]
    [InlineData("", "Aw", true)]
    [InlineData("", "AQ", false)]
    [InlineData("", "AAE", false)]
    [InlineData("", "AA", false)]
    [InlineData("", "AAI", false)]
    [InlineData("", "", false)]
    [InlineData("", "AQABAQABAQABAQAB", false)]
    [InlineData("", "!", false)]
    [InlineData("\"use\":\"enc\",", "AQAB", false)]
    [InlineData("\"alg\":\"RS512\",", "AQAB", false)]
    [InlineData("\"alg\":\"RS256\",\"use\":\"sig\",", "AQAB", true)]
    public void An_RSA_key_is_taken_for_signatures_with_an_exponent_that_protects(string more, string exponent, bool isTaken) =>
        Kids($$"""{"keys":["x",{},{"kty":"oct","k":"AAAA"},{"kty":"RSA",{{more}}"kid":"a","n":"{{Modulus}}","e":"{{exponent}}"}]}""", "RS256")
            .ShouldBe(isTaken ? ["a"] : []);

    [Theory]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"keys":{}}""")]
    public void What_is_no_key_set_is_said_to_be_none(string json) =>
        Should.Throw<JsonException>(() => IssuerKeySet.Parse(Encoding.UTF8.GetBytes(json), "RS256"));

    private static IEnumerable<string> Kids(string set, string algorithm) => IssuerKeySet.Parse(Encoding.UTF8.GetBytes(set), algorithm).Keys;
}

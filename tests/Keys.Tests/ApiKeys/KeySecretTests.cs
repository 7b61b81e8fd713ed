using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Keys.ApiKeys;

namespace LlmGateway.Keys.Tests.ApiKeys;

public sealed class KeySecretTests
{
    private static readonly Arbitrary<string> Secrets = Gen.Choose(' ', '~').Select(code => (char)code).NonEmptyListOf()
        .Select(characters => new string([.. characters.Take(KeySecret.MaxLength)])).ToArbitrary();

    [Theory]
    [InlineData("sk-test-0123456789", "sk-test-...")]
    [InlineData("0123456789abcdef", "01234567...")]
    [InlineData("0123456789abcde", "012...")]
    [InlineData("ab", "ab...")]
    public void A_key_is_masked_after_its_first_characters(string secret, string masked)
    {
        KeySecret.Parse(secret)!.Masked().ShouldBe(masked);
        KeySecret.Parse(secret)!.ToString().ShouldBe(masked);
    }

    [Fact]
    public void The_mask_shows_at_most_half_of_a_key_of_16_characters_or_more_and_three_of_a_shorter_one() =>
        Check.QuickThrowOnFailure(Prop.ForAll(Secrets, secret =>
        {
            var masked = KeySecret.Parse(secret)!.Masked();
            var shown = masked[..^3];
            return masked.EndsWith("...", StringComparison.Ordinal)
                && secret.StartsWith(shown, StringComparison.Ordinal)
                && shown.Length == Math.Min(secret.Length, secret.Length < 16 ? 3 : 8);
        }));

    [Fact]
    public void Different_secrets_have_different_hashes_and_the_same_one_the_same() =>
        Check.QuickThrowOnFailure(Prop.ForAll(Secrets, Secrets, (left, right) =>
            KeySecret.Parse(left)!.Hash().AsSpan().SequenceEqual(KeySecret.Parse(right)!.Hash()) == (left == right)));

    [Fact]
    public void A_generated_key_is_found_in_any_text_and_a_text_without_one_is_let_through() =>
        Check.QuickThrowOnFailure(Prop.ForAll(Secrets, Secrets, (before, after) =>
            KeySecret.IsIn(before + KeySecret.Generate().Reveal() + after)
            && KeySecret.IsIn("sk-llmgw-" + KeySecret.Generate().Reveal())
            && !KeySecret.IsIn(before + KeySecret.Generate().Reveal()[..51])
            && KeySecret.IsIn(before + KeySecret.Generate().Reveal()[..52] + after)));

    [Theory]
    [InlineData("")]
    [InlineData("tab\there")]
    [InlineData("naïve")]
    [InlineData("\u007f")]
    public void What_is_not_printable_ASCII_is_no_secret(string text) => KeySecret.Parse(text).ShouldBeNull();

    [Fact]
    public void A_secret_has_512_characters_at_most()
    {
        KeySecret.Parse(new string('a', 512)).ShouldNotBeNull();
        KeySecret.Parse(new string('a', 513)).ShouldBeNull();
    }

    [Fact]
    public void A_generated_key_has_its_prefix_256_random_bits_and_a_checksum_of_both()
    {
        var secrets = Enumerable.Range(0, 1000).Select(_ => KeySecret.Generate().Reveal()).ToList();

        secrets.Distinct().Count().ShouldBe(secrets.Count);
        foreach (var secret in secrets)
        {
            secret.ShouldMatch("^sk-llmgw-[0-9A-Za-z]{49}$");
            KeySecret.Checksum(secret[..^6]).ShouldBe(secret[^6..]);
            KeySecret.Checksum(secret[..^7]).ShouldNotBe(secret[^6..]);
        }
    }

    // The expected digits were computed by Python's hashlib.
    [Fact]
    public void The_checksum_is_the_first_32_bits_of_SHA_256_in_base_62() =>
        KeySecret.Checksum("sk-llmgw-" + new string('0', 43)).ShouldBe("25gjSq");
}

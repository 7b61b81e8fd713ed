using System.Net;
using Xunit.Abstractions;

namespace LlmGateway.Functional.Tests;

[Collection(KeysSystem.Name)]
public sealed class KeysRevocationTests(KeysSystem system, ITestOutputHelper output)
{
    [Fact]
    public async Task A_key_revoked_at_one_gateway_is_refused_by_both_as_soon_as_the_stream_says_so()
    {
        var key = await system.IssueAsync(new { name = "revoked" });
        (await KeysSystem.TryAsync(system.First, key.Secret)).Status.ShouldBe(HttpStatusCode.OK);
        (await KeysSystem.TryAsync(system.Second, key.Secret)).Status.ShouldBe(HttpStatusCode.OK);

        await system.RevokeAsync(key);
        var times = await Task.WhenAll(
            KeysSystem.UntilAsync(system.First, key.Secret, HttpStatusCode.Forbidden, KeysSystem.Limit),
            KeysSystem.UntilAsync(system.Second, key.Secret, HttpStatusCode.Forbidden, KeysSystem.Limit));

        output.WriteLine($"Refused after {times[0].TotalMilliseconds:0} ms and {times[1].TotalMilliseconds:0} ms.");
        times.ShouldAllBe(time => time < KeysSystem.ByTheStream);
        (await KeysSystem.TryAsync(system.Second, key.Secret)).Code.ShouldBe("invalid_api_key");
    }

    [Fact]
    public async Task A_revocation_made_while_a_gateway_was_cut_off_is_applied_when_it_is_back()
    {
        var (key, other) = (await system.IssueAsync(new { name = "cut off" }), await system.IssueAsync(new { name = "other" }));
        await KeysSystem.TryAsync(system.Second, key.Secret);
        await KeysSystem.TryAsync(system.Second, other.Secret);

        system.System.KeysLink.Cut();
        try
        {
            await system.RevokeAsync(key);
            (await KeysSystem.TryAsync(system.Second, key.Secret)).Status.ShouldBe(HttpStatusCode.OK, "nobody could tell it");
        }
        finally
        {
            system.System.KeysLink.Mend();
        }

        var time = await KeysSystem.UntilAsync(system.Second, key.Secret, HttpStatusCode.Forbidden, KeysSystem.Limit);
        output.WriteLine($"Refused {time.TotalMilliseconds:0} ms after the way was restored.");
        time.ShouldBeLessThan(KeysSystem.ByTheStream);
        (await KeysSystem.TryAsync(system.Second, other.Secret)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task After_Keys_was_down_its_revocations_take_effect_again()
    {
        var key = await system.IssueAsync(new { name = "outlives an outage" });
        await KeysSystem.TryAsync(system.First, key.Secret);
        await system.System.KillAsync("keys");
        await system.StartAgainAsync("keys");

        await system.RevokeAsync(key);

        (await KeysSystem.UntilAsync(system.First, key.Secret, HttpStatusCode.Forbidden, KeysSystem.Limit)).ShouldBeLessThan(KeysSystem.ByTheStream);
    }
}

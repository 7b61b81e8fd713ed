using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Tests.Hosting;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Tests.Authentication;

/// <summary>The directory while Keys.Service cannot be reached. With it, see Functional.Tests.</summary>
[Collection(GatewayCollection.Name)]
public sealed class KeyDirectoryTests(GatewayHost gateway)
{
    // Deadlines are measured on the real clock, so the fake one starts there.
    private readonly FakeTime _time = new(TimeProvider.System.GetUtcNow());

    [Fact]
    public async Task A_key_that_nobody_can_judge_is_neither_known_nor_refused()
    {
        var directory = Directory();

        (await directory.FindAsync("sk-never-seen")).Verdict.ShouldBe(KeyVerdict.Unknowable);
        (await directory.FindAsync("sk-never-seen")).Verdict.ShouldBe(KeyVerdict.Unknowable);
    }

    [Fact]
    public async Task A_key_verified_before_goes_on_working_until_it_is_too_long_ago()
    {
        var directory = Directory();
        directory.Remember(SecretHash.Of("sk-known"), new VerifiedKey { AccountId = "a", KeyId = "k", MaskedKey = "sk-...", Role = Role.Account });

        foreach (var seconds in new[] { 0, 9, 2, 100, 188 })
        {
            _time.Advance(TimeSpan.FromSeconds(seconds));
            (await directory.FindAsync("sk-known")).Verdict.ShouldBe(KeyVerdict.Known);
        }

        _time.Advance(TimeSpan.FromSeconds(2));
        (await directory.FindAsync("sk-known")).Verdict.ShouldBe(KeyVerdict.Unknowable);
    }

    [Fact]
    public async Task Its_caller_is_what_Keys_said()
    {
        var directory = Directory();
        directory.Remember(SecretHash.Of("sk-known"), new VerifiedKey { AccountId = "a", KeyId = "k", MaskedKey = "sk-...", Role = Role.Operator });

        var ticket = (await directory.FindAsync("sk-known")).Ticket.ShouldNotBeNull();

        ticket.Principal!.Identity.ShouldBeOfType<CallerIdentity>().Caller.ShouldBe(new Caller("a", "k", "sk-...", Role.Operator));
        ticket.Principal.Identity.IsAuthenticated.ShouldBeTrue();
    }

    [Fact]
    public async Task One_secret_is_not_another()
    {
        var directory = Directory();
        directory.Remember(SecretHash.Of("sk-known"), new VerifiedKey { AccountId = "a", KeyId = "k", MaskedKey = "sk-...", Role = Role.Account });

        (await directory.FindAsync("sk-knowN")).Verdict.ShouldBe(KeyVerdict.Unknowable);
    }

    [Fact]
    public async Task While_Keys_is_silent_it_is_asked_once_a_second_and_nobody_else_waits()
    {
        var directory = Directory();
        await directory.FindAsync("sk-first");

        directory.FindAsync("sk-second").AsTask().IsCompleted.ShouldBeTrue();
        _time.Advance(TimeSpan.FromSeconds(1.1));
        directory.FindAsync("sk-third").AsTask().IsCompleted.ShouldBeFalse();
        directory.FindAsync("sk-fourth").AsTask().IsCompleted.ShouldBeTrue();
    }

    private KeyDirectory Directory() => new(
        gateway.Services.GetRequiredService<KeysApi.KeysApiClient>(), Options.Create(new AuthOptions()), _time, NullLogger<KeyDirectory>.Instance);
}

using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Limits;
using LlmGateway.Keys.Tariffs;

namespace LlmGateway.Keys.Tests.Limits;

public sealed class EffectiveLimitsTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Each_limit_is_the_keys_own_else_its_tariffs_else_the_default()
    {
        var tariff = TariffOf("gold", (Now.AddDays(-1), new KeyLimits { DailyTokens = 20, MonthlyTokens = 20 }));
        var defaults = new KeyLimits { DailyTokens = 30, MonthlyTokens = 30, TotalTokens = 30 };

        var effective = EffectiveLimits.Of(Key(new KeyLimits { DailyTokens = 10 }), tariff, null, defaults, Now);

        effective.Limits.ShouldBe(new KeyLimits { DailyTokens = 10, MonthlyTokens = 20, TotalTokens = 30 });
        (effective.TariffId, effective.Name, effective.Description).ShouldBe(("gold", "gold", "about gold"));
    }

    [Fact]
    public void A_limit_of_0_is_a_limit()
    {
        var tariff = TariffOf("gold", (Now, new KeyLimits { DailyTokens = 20 }));

        EffectiveLimits.Of(Key(new KeyLimits { DailyTokens = 0 }), tariff, null, KeyLimits.None, Now).Limits.DailyTokens.ShouldBe(0);
    }

    [Fact]
    public void The_keys_tariff_goes_before_its_accounts_as_a_whole()
    {
        var own = TariffOf("own", (Now, new KeyLimits { DailyTokens = 1 }));
        var account = TariffOf("account", (Now, new KeyLimits { DailyTokens = 2, Parallel = 2 }));

        EffectiveLimits.Of(Key(KeyLimits.None), own, account, KeyLimits.None, Now).Limits.ShouldBe(new KeyLimits { DailyTokens = 1 });
        EffectiveLimits.Of(Key(KeyLimits.None), null, account, KeyLimits.None, Now).TariffId.ShouldBe("account");
    }

    [Fact]
    public void A_version_holds_from_its_very_moment_until_the_next_ones()
    {
        var tariff = TariffOf("gold", (Now.AddDays(2), Daily(2)), (Now, Daily(0)), (Now.AddDays(1), Daily(1)));

        var before = At(tariff, Now.AddTicks(-10));
        before.Limits.DailyTokens.ShouldBe(77);
        before.TariffId.ShouldBe("gold");
        before.ChangesAt.ShouldBe(Now);
        At(tariff, Now).Limits.DailyTokens.ShouldBe(0);
        At(tariff, Now).ChangesAt.ShouldBe(Now.AddDays(1));
        At(tariff, Now.AddDays(2).AddTicks(-10)).Limits.DailyTokens.ShouldBe(1);
        At(tariff, Now.AddDays(2)).Limits.DailyTokens.ShouldBe(2);
        At(tariff, Now.AddDays(2)).ChangesAt.ShouldBeNull();
    }

    [Fact]
    public void A_key_with_a_token_limit_of_its_own_is_shown_as_its_own_tariff()
    {
        var tariff = TariffOf("gold", (Now, KeyLimits.None));

        var effective = EffectiveLimits.Of(Key(new KeyLimits { TotalTokens = 5 }), tariff, null, KeyLimits.None, Now);

        (effective.TariffId, effective.Name, effective.Description).ShouldBe(("gold", "ci", "builds"));
    }

    [Fact]
    public void A_key_without_any_tariff_has_the_defaults_and_no_tariffs_name() =>
        EffectiveLimits.Of(Key(KeyLimits.None), null, null, Daily(3), Now).ShouldBe(new EffectiveLimits(Daily(3), null, "", "", null));

    private static EffectiveLimits At(Tariff tariff, DateTimeOffset now) => EffectiveLimits.Of(Key(KeyLimits.None), tariff, null, Daily(77), now);

    private static KeyLimits Daily(long tokens) => new() { DailyTokens = tokens };

    private static Tariff TariffOf(string id, params (DateTimeOffset From, KeyLimits Limits)[] versions) => new()
    {
        Id = id,
        Description = $"about {id}",
        CreatedAt = Now,
        Versions = [.. versions.Select(v => new TariffVersion { EffectiveFrom = v.From, Limits = v.Limits, CreatedAt = Now })],
    };

    private static ApiKey Key(KeyLimits limits) => new()
    {
        Id = Guid.CreateVersion7(Now),
        AccountId = "acme",
        Name = "ci",
        Description = "builds",
        Role = KeyRole.Account,
        Source = KeySource.Issued,
        Limits = limits,
        CreatedAt = Now,
    };
}

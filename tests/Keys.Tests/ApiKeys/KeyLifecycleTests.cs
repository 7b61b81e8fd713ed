using Google.Protobuf.WellKnownTypes;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Testing;

namespace LlmGateway.Keys.Tests.ApiKeys;

public sealed class KeyLifecycleTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Administrator = "sk-administrator-of-this-test";
    private readonly FakeTime _time = new();

    [Fact]
    public async Task An_issued_key_has_what_was_asked_for_and_its_secret_works()
    {
        await using var host = await StartAsync();
        await host.CreateTariffAsync("gold", new Protos.Keys.V1.Limits { DailyTokens = 10 });

        var reply = await host.Admin.IssueKeyAsync(new IssueKeyRequest
        {
            Actor = Management.By,
            Name = "ci",
            Description = "builds",
            AccountId = "acme",
            Role = Role.Operator,
            Tariff = "gold",
            Limits = new Protos.Keys.V1.Limits { TotalNanoUsd = 5, Parallel = 0 },
            AllowedModels = { "gpt-*", "claude-3" },
            Labels = { ["team"] = "core" },
            ExpiresAt = After(TimeSpan.FromDays(1)),
        });

        var issued = reply.Key;
        issued.Secret.ShouldMatch("^sk-llmgw-[0-9A-Za-z]{49}$");
        (await host.VerifyAsync(issued.Secret)).Key.KeyId.ShouldBe(issued.Key.Id);
        (await host.GetAsync(issued.Key.Id)).ShouldBe(issued.Key);
        (issued.Key.Name, issued.Key.Description, issued.Key.AccountId, issued.Key.Role, issued.Key.Tariff, issued.Key.MaskedKey, issued.Key.Source)
            .ShouldBe(("ci", "builds", "acme", Role.Operator, "gold", "sk-llmgw...", "issued"));
        issued.Key.Limits.ShouldBe(new Protos.Keys.V1.Limits { TotalNanoUsd = 5, Parallel = 0 });
        issued.Key.EffectiveLimits.ShouldBe(new Protos.Keys.V1.Limits { TotalNanoUsd = 5, Parallel = 0, DailyTokens = 10 });
        issued.Key.AllowedModels.ShouldBe(["gpt-*", "claude-3"]);
        issued.Key.Labels.ShouldHaveSingleItem().Value.ShouldBe("core");
        issued.Key.ExpiresAt.ShouldBe(After(TimeSpan.FromDays(1)));
        (await host.Admin.GetAccountAsync(new GetAccountRequest { Id = "acme" })).Account.Id.ShouldBe("acme");
    }

    [Fact]
    public async Task The_configured_defaults_are_in_force_where_nothing_else_is()
    {
        await using var host = await KeysHost.StartAsync(await postgres.CreateKeysDatabaseAsync(), "", Administrator, _time, new Dictionary<string, string?>
        {
            ["Quotas:DailyTokens"] = "1",
            ["Quotas:MonthlyTokens"] = "2",
            ["Quotas:LifetimeTokens"] = "3",
        });

        (await host.IssueAsync()).Key.EffectiveLimits.ShouldBe(
            new Protos.Keys.V1.Limits { DailyTokens = 1, MonthlyTokens = 2, TotalTokens = 3 });
    }

    [Fact]
    public async Task After_a_rotation_both_secrets_are_the_keys_and_the_old_one_has_an_end()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await StartAsync(database);
        var issued = await host.IssueAsync();
        _time.Advance(TimeSpan.FromMinutes(1));

        var rotated = await host.RotateAsync(issued.Key.Id, TimeSpan.FromHours(1));

        rotated.Key.Id.ShouldBe(issued.Key.Id);
        rotated.Key.OldSecretExpiresAt.ShouldBe(After(TimeSpan.FromHours(1)));
        (await host.VerifyAsync(rotated.Secret)).Key.KeyId.ShouldBe(issued.Key.Id);
        (await host.VerifyAsync(issued.Secret)).Key.KeyId.ShouldBe(issued.Key.Id);
        _time.Advance(TimeSpan.FromHours(1));
        (await host.GetAsync(issued.Key.Id)).OldSecretExpiresAt.ShouldBeNull();
        (await Database.KeysAsync(database)).Single(key => key.Name == "a key").Secrets.Count(secret => secret.ExpiresAt is null).ShouldBe(1);
    }

    [Fact]
    public async Task A_rotation_without_overlap_leaves_nothing_but_the_new_secret()
    {
        await using var host = await StartAsync();
        var first = await host.IssueAsync();
        var second = await host.RotateAsync(first.Key.Id, TimeSpan.FromDays(30));

        var third = await host.RotateAsync(first.Key.Id, TimeSpan.Zero);

        third.Key.OldSecretExpiresAt.ShouldBeNull();
        (await host.VerifyAsync(first.Secret)).Refusal.Reason.ShouldBe(RefusalReason.UnknownKey);
        (await host.VerifyAsync(second.Secret)).Refusal.Reason.ShouldBe(RefusalReason.UnknownKey);
        (await host.VerifyAsync(third.Secret)).Key.KeyId.ShouldBe(first.Key.Id);
    }

    [Fact]
    public async Task A_later_rotation_does_not_lengthen_an_overlap()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await StartAsync(database);
        var key = (await host.IssueAsync()).Key.Id;
        await host.RotateAsync(key, TimeSpan.FromHours(1));

        await host.RotateAsync(key, TimeSpan.FromHours(5));

        var ends = (await Database.KeysAsync(database)).Single(k => k.Name == "a key").Secrets.Select(secret => secret.ExpiresAt).Order().ToList();
        ends.ShouldBe([null, _time.GetUtcNow().AddHours(1), _time.GetUtcNow().AddHours(5)]);
    }

    [Fact]
    public async Task More_than_ten_old_secrets_are_no_rotation_any_more()
    {
        await using var host = await StartAsync();
        var key = (await host.IssueAsync()).Key.Id;
        for (var count = 0; count < 10; count++)
        {
            await host.RotateAsync(key, TimeSpan.FromDays(1));
        }

        var reply = await host.Admin.RotateKeyAsync(
            new RotateKeyRequest { Actor = Management.By, Key = key, Overlap = Duration.FromTimeSpan(TimeSpan.FromDays(1)) });

        reply.Rejection.Kind.ShouldBe(RejectionKind.Conflict);
        await host.RotateAsync(key, TimeSpan.Zero);
    }

    [Fact]
    public async Task A_key_expires_at_its_very_moment_and_may_be_given_a_longer_life()
    {
        await using var host = await StartAsync();
        var key = (await host.IssueAsync(expiresAt: After(TimeSpan.FromHours(1)))).Key.Id;

        _time.Advance(TimeSpan.FromHours(1) - TimeSpan.FromMicroseconds(1));
        (await host.GetAsync(key)).State.ShouldBe(KeyState.Active);
        _time.Advance(TimeSpan.FromMicroseconds(1));
        (await host.GetAsync(key)).State.ShouldBe(KeyState.Expired);
        (await host.Admin.RotateKeyAsync(new RotateKeyRequest { Actor = Management.By, Key = key })).Rejection.Kind.ShouldBe(RejectionKind.Conflict);

        var revived = await host.Admin.UpdateKeyAsync(new UpdateKeyRequest { Actor = Management.By, Key = key, Expires = new Expiry() });
        revived.Key.State.ShouldBe(KeyState.Active);
        revived.Key.ExpiresAt.ShouldBeNull();
    }

    [Fact]
    public async Task What_an_update_does_not_say_stays()
    {
        await using var host = await StartAsync();
        var before = (await host.IssueAsync(expiresAt: After(TimeSpan.FromHours(1)), limits: new Protos.Keys.V1.Limits { Parallel = 3 })).Key;

        var renamed = (await host.Admin.UpdateKeyAsync(new UpdateKeyRequest { Actor = Management.By, Key = before.Id, Name = "new" })).Key;

        renamed.ShouldBe(new Key(before) { Name = "new" });
    }

    [Fact]
    public async Task Limits_that_are_named_are_taken_away_and_all_others_stay()
    {
        await using var host = await StartAsync();
        var key = (await host.IssueAsync(limits: new Protos.Keys.V1.Limits { DailyTokens = 1, DailyNanoUsd = 2, Parallel = 3 })).Key.Id;

        (await SetAsync(new() { RequestsPerHour = 4 }, "daily_usd", "parallel", "total_tokens")).Key.Limits
            .ShouldBe(new Protos.Keys.V1.Limits { DailyTokens = 1, RequestsPerHour = 4 });
        (await SetAsync(new(), "daily_nano_usd")).Rejection.Field.ShouldBe("removed[0]");
        (await SetAsync(new() { Parallel = 5 }, "daily_tokens", "parallel")).Rejection.Field.ShouldBe("removed[1]");
        (await SetAsync(new(), [.. Enumerable.Repeat("parallel", 11)])).Rejection.Field.ShouldBe("removed");
        (await host.GetAsync(key)).Limits.ShouldBe(new Protos.Keys.V1.Limits { DailyTokens = 1, RequestsPerHour = 4 });

        async Task<KeyReply> SetAsync(Protos.Keys.V1.Limits limits, params string[] removed) => await host.Admin.SetLimitsAsync(
            new SetLimitsRequest { Actor = Management.By, Key = key, Limits = limits, KeepUnset = true, Removed = { removed } });
    }

    [Fact]
    public async Task Limits_taken_away_at_once_with_others_set_lose_nothing()
    {
        await using var host = await StartAsync();
        var key = (await host.IssueAsync(limits: new Protos.Keys.V1.Limits { DailyTokens = 1, Parallel = 3 })).Key.Id;

        await Task.WhenAll(
            SetAsync(new() { MonthlyTokens = 7 }), SetAsync(new(), "daily_tokens"), SetAsync(new() { TotalTokens = 8 }), SetAsync(new(), "parallel"));

        (await host.GetAsync(key)).Limits.ShouldBe(new Protos.Keys.V1.Limits { MonthlyTokens = 7, TotalTokens = 8 });

        async Task SetAsync(Protos.Keys.V1.Limits limits, params string[] removed) => (await host.Admin.SetLimitsAsync(
            new SetLimitsRequest { Actor = Management.By, Key = key, Limits = limits, KeepUnset = true, Removed = { removed } })).Rejection.ShouldBeNull();
    }

    [Fact]
    public void A_change_of_a_key_that_may_be_named_by_its_name_is_not_repeated()
    {
        var changes = KeysAdminApi.Descriptor.Methods
            .Where(method => method.InputType.FindFieldByName("key") is not null && method.InputType.FindFieldByName("actor") is not null).ToList();

        changes.Select(method => method.Name).ShouldBe(["RotateKey", "UpdateKey", "SetLimits", "RevokeKey"], ignoreOrder: true);
        changes.ShouldAllBe(method => method.GetOptions() == null || !method.GetOptions().HasIdempotencyLevel);
    }

    [Fact]
    public async Task Limits_are_replaced_or_added_to()
    {
        await using var host = await StartAsync();
        var key = (await host.IssueAsync(limits: new Protos.Keys.V1.Limits { Parallel = 3, DailyTokens = 4 })).Key.Id;

        var added = await SetAsync(new Protos.Keys.V1.Limits { DailyTokens = 0, MonthlyNanoUsd = 9 }, keepUnset: true);
        var replaced = await SetAsync(new Protos.Keys.V1.Limits { TotalTokens = 7 }, keepUnset: false);

        added.ShouldBe(new Protos.Keys.V1.Limits { Parallel = 3, DailyTokens = 0, MonthlyNanoUsd = 9 });
        replaced.ShouldBe(new Protos.Keys.V1.Limits { TotalTokens = 7 });

        async Task<Protos.Keys.V1.Limits> SetAsync(Protos.Keys.V1.Limits limits, bool keepUnset) => (await host.Admin.SetLimitsAsync(
            new SetLimitsRequest { Actor = Management.By, Key = key, Limits = limits, KeepUnset = keepUnset })).Key.Limits;
    }

    [Fact]
    public async Task A_revoked_key_never_works_again_and_cannot_be_rotated()
    {
        await using var host = await StartAsync();
        var issued = await host.IssueAsync();

        (await host.RevokeAsync(issued.Key.Id)).Key.State.ShouldBe(KeyState.Revoked);

        (await host.VerifyAsync(issued.Secret)).Refusal.Reason.ShouldBe(RefusalReason.Revoked);
        (await host.Admin.RotateKeyAsync(new RotateKeyRequest { Actor = Management.By, Key = issued.Key.Id })).Rejection.Message.ShouldContain("revoked");
    }

    [Theory]
    [InlineData("ALLOWED_API_KEYS 1", "configuration")]
    [InlineData("ADMIN_API_KEY", "configuration")]
    [InlineData("INTERNAL_API_KEY", "configuration")]
    public async Task A_configured_key_is_rotated_by_changing_configuration(string name, string why)
    {
        await using var host = await KeysHost.StartAsync(await postgres.CreateKeysDatabaseAsync(), "sk-allowed-of-this-test", Administrator, _time,
            new Dictionary<string, string?> { ["Keys:Internal"] = "sk-internal-of-this-test" });

        var rejection = (await host.Admin.RotateKeyAsync(new RotateKeyRequest { Actor = Management.By, Key = name })).Rejection;

        (rejection.Kind, rejection.Field).ShouldBe((RejectionKind.Conflict, "key"));
        rejection.Message.ShouldContain(why);
    }

    [Fact]
    public async Task A_name_finds_the_one_key_that_is_not_revoked_and_several_are_listed()
    {
        await using var host = await StartAsync();
        var first = (await host.IssueAsync("twin")).Key.Id;
        var second = (await host.IssueAsync("twin")).Key.Id;

        var ambiguous = (await host.RevokeAsync("twin")).Rejection;
        ambiguous.Kind.ShouldBe(RejectionKind.Conflict);
        ambiguous.Message.ShouldContain(first);
        ambiguous.Message.ShouldContain(second);
        await host.RevokeAsync(first);
        (await host.GetAsync("twin")).Id.ShouldBe(second);
        await host.RevokeAsync("twin");
        (await host.RevokeAsync("twin")).Rejection.Kind.ShouldBe(RejectionKind.NotFound);
    }

    [Fact]
    public async Task A_secret_in_the_place_of_a_name_is_refused_and_not_repeated()
    {
        await using var host = await KeysHost.StartAsync(await postgres.CreateKeysDatabaseAsync(), "any-form", Administrator);
        var secret = (await host.IssueAsync()).Secret;

        foreach (var text in (string[])[secret, "any-form", Administrator])
        {
            var rejections = (Rejection[])[
                (await host.RevokeAsync(text)).Rejection,
                (await host.Admin.GetKeyAsync(new GetKeyRequest { Key = text })).Rejection];
            rejections.ShouldAllBe(rejection => rejection.Field == "key" && rejection.Kind == RejectionKind.Invalid);
            rejections.ShouldAllBe(rejection => !rejection.Message.Contains(text));
        }
    }

    private async Task<KeysHost> StartAsync(string? database = null) =>
        await KeysHost.StartAsync(database ?? await postgres.CreateKeysDatabaseAsync(), "", Administrator, _time);

    private Timestamp After(TimeSpan span) => Timestamp.FromDateTimeOffset(_time.GetUtcNow() + span);
}

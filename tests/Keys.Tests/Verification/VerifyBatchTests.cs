using Grpc.Core;
using LlmGateway.Keys.Accounts;
using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Changes;
using LlmGateway.Keys.Limits;
using LlmGateway.Keys.Tariffs;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Testing;
using Account = LlmGateway.Keys.Accounts.Account;
using Tariff = LlmGateway.Keys.Tariffs.Tariff;
using TariffVersion = LlmGateway.Keys.Tariffs.TariffVersion;

namespace LlmGateway.Keys.Tests.Verification;

public sealed class VerifyBatchTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task One_malformed_secret_is_judged_by_itself_and_the_answers_keep_the_requests_order()
    {
        await using var host = await KeysHost.StartAsync(await postgres.CreateKeysDatabaseAsync(), "sk-a,sk-b.with.dots", "sk-administrator");

        var verifications = await VerifyAsync(
            host, "sk-b.with.dots", "", "sk-\u00e9", "sk-\n", new string('x', 513), "a.b.c", "a..c", "sk-a", $"a.b.{new string('c', 9000)}", "sk-a");

        verifications.Select(v => v.Refusal?.Reason).ShouldBe(
        [
            null, RefusalReason.UnknownKey, RefusalReason.UnknownKey, RefusalReason.UnknownKey, RefusalReason.UnknownKey,
            RefusalReason.InvalidToken, RefusalReason.UnknownKey, null, RefusalReason.InvalidToken, null,
        ]);
        verifications[0].Key.Name.ShouldBe("ALLOWED_API_KEYS 2");
        verifications[7].Key.Name.ShouldBe("ALLOWED_API_KEYS 1");
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(256, true)]
    [InlineData(257, false)]
    public async Task A_request_has_1_to_256_secrets(int count, bool isAccepted)
    {
        await using var host = await KeysHost.StartAsync(await postgres.CreateKeysDatabaseAsync(), "sk-a", "sk-administrator");
        var secrets = Enumerable.Range(0, count).Select(index => $"sk-{index}").ToArray();

        if (isAccepted)
        {
            (await VerifyAsync(host, secrets)).Count.ShouldBe(count);
        }
        else
        {
            var failure = await Should.ThrowAsync<RpcException>(() => VerifyAsync(host, secrets));
            failure.StatusCode.ShouldBe(StatusCode.InvalidArgument);
            failure.Status.Detail.ShouldStartWith("secrets: ");
        }
    }

    [Fact]
    public async Task Revocation_of_key_or_account_and_expiry_of_key_or_old_secret_refuse_it()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await KeysHost.StartAsync(database, "sk-a", "sk-administrator");
        await StoredKey.AddAsync(database, "sk-revoked", key => (key.RevokedAt, key.ExpiresAt) = (Now, Now));
        await StoredKey.AddAsync(database, "sk-of-revoked-account", account: "revoked");
        await StoredKey.ChangeAsync(database, async db => (await db.Accounts.FindAsync("revoked"))!.RevokedAt = Now);
        await StoredKey.AddAsync(database, "sk-expired", key => key.ExpiresAt = Now);
        await StoredKey.AddAsync(database, "sk-rotated", key =>
        {
            key.Secrets.Add(StoredKey.Secret("sk-rotated-longer-and-gone", Now));
            key.Secrets.Add(StoredKey.Secret("sk-rotated-longer-old", Now.AddMinutes(30)));
            key.ExpiresAt = Now.AddHours(1);
        });

        var verifications = await VerifyAsync(
            host, "sk-revoked", "sk-of-revoked-account", "sk-expired", "sk-rotated-longer-and-gone", "sk-rotated-longer-old", "sk-rotated");

        verifications.Select(v => v.Refusal?.Reason).ShouldBe(
            [RefusalReason.Revoked, RefusalReason.Revoked, RefusalReason.Expired, RefusalReason.Expired, null, null]);
        verifications[4].Key.MaskedKey.ShouldBe("sk-rotat...");
        verifications[4].Key.ExpiresIn.ToTimeSpan().ShouldBeInRange(TimeSpan.FromMinutes(25), TimeSpan.FromMinutes(30));
        verifications[5].Key.MaskedKey.ShouldBe("sk-...");
        verifications[5].Key.ExpiresIn.ToTimeSpan().ShouldBeInRange(TimeSpan.FromMinutes(55), TimeSpan.FromMinutes(60));
    }

    [Fact]
    public async Task A_key_of_a_service_of_ones_own_opens_its_own_header_only_and_no_other_key_does()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await KeysHost.StartAsync(database, "sk-a", "sk-administrator");
        await StoredKey.AddAsync(database, "sk-internal", key => key.Role = KeyRole.Internal, "internal");

        var reply = await host.Client.VerifyAsync(new VerifyRequest
        {
            Secrets =
            {
                new PresentedSecret { Secret = "sk-internal", Internal = true },
                new PresentedSecret { Secret = "sk-internal" },
                new PresentedSecret { Secret = "sk-a", Internal = true },
                new PresentedSecret { Secret = "sk-administrator", Internal = true },
            },
        });

        reply.Verifications[0].Key.Role.ShouldBe(Role.Internal);
        reply.Verifications.Skip(1).ShouldAllBe(verification => verification.Refusal.Reason == RefusalReason.UnknownKey);
    }

    [Fact]
    public async Task The_answer_has_all_that_admission_needs()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await KeysHost.StartAsync(database, "sk-a", "sk-administrator");
        await StoredKey.ChangeAsync(database, db =>
        {
            db.Tariffs.Add(Tariff("of-account", (Now.AddDays(-2), 1), (Now.AddDays(-1), 2), (Now.AddHours(1), 3), (Now.AddHours(2), 4)));
            db.Tariffs.Add(Tariff("of-key", (Now.AddHours(1), 5)));
            db.Accounts.Add(new Account { Id = "acme", CreatedAt = Now, TariffId = "of-account" });
            return Task.CompletedTask;
        });
        await StoredKey.AddAsync(database, "sk-by-account", key => key.AllowedModels = ["gpt-*", "claude"], account: "acme");
        await StoredKey.AddAsync(database, "sk-by-key", key => key.TariffId = "of-key", account: "acme");
        await StoredKey.AddAsync(
            database, "sk-own", key => (key.Limits, key.Description) = (new KeyLimits { TotalTokens = 0, Parallel = 7 }, "its own"), account: "acme");

        var keys = (await VerifyAsync(host, "sk-by-account", "sk-by-key", "sk-own", "sk-a")).Select(v => v.Key).ToList();

        keys[0].AllowedModels.ShouldBe(["gpt-*", "claude"]);
        (keys[0].TariffId, keys[0].TariffName, keys[0].TariffDescription).ShouldBe(("of-account", "of-account", "tariff of-account"));
        (keys[0].Limits.RequestsPerMinute, keys[0].Limits.HasTotalTokens).ShouldBe((2, false));
        keys[0].ChangesIn.ToTimeSpan().ShouldBeInRange(TimeSpan.FromMinutes(55), TimeSpan.FromMinutes(60));
        (keys[1].TariffId, keys[1].Limits.HasRequestsPerMinute).ShouldBe(("of-key", false));
        keys[1].ChangesIn.ToTimeSpan().ShouldBeInRange(TimeSpan.FromMinutes(55), TimeSpan.FromMinutes(60));
        (keys[2].TariffId, keys[2].TariffName, keys[2].TariffDescription).ShouldBe(("of-account", "stored", "its own"));
        (keys[2].Limits.HasTotalTokens, keys[2].Limits.TotalTokens, keys[2].Limits.Parallel, keys[2].Limits.RequestsPerMinute).ShouldBe((true, 0, 7, 2));
        (keys[3].TariffId, keys[3].TariffName, keys[3].ChangesIn, keys[3].ExpiresIn).ShouldBe(("", "", null, null));
    }

    [Fact]
    public async Task The_position_is_that_of_the_newest_change()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await KeysHost.StartAsync(database, "sk-a", "sk-administrator");
        await using var db = Database.Open(database);
        await using (var transaction = await db.Database.BeginTransactionAsync())
        {
            await ChangeLog.AppendAsync(db, [(ChangedThing.Key, "1"), (ChangedThing.Key, "2")], CancellationToken.None);
            await transaction.CommitAsync();
        }

        var newest = db.Changes.Max(change => change.Position);
        (await host.Client.VerifyAsync(new VerifyRequest { Secrets = { new PresentedSecret { Secret = "sk-nobody" } } })).Position.ShouldBe(newest);
        (await host.Client.VerifyAsync(new VerifyRequest { Secrets = { new PresentedSecret { Secret = "sk-a" } } })).Position.ShouldBe(newest);
    }

    private static Tariff Tariff(string id, params (DateTimeOffset From, long RequestsPerMinute)[] versions) => new()
    {
        Id = id,
        Description = $"tariff {id}",
        CreatedAt = Now,
        Versions =
        [
            .. versions.Select(version => new TariffVersion
            {
                EffectiveFrom = version.From, CreatedAt = Now, Limits = new KeyLimits { RequestsPerMinute = version.RequestsPerMinute },
            }),
        ],
    };

    private static async Task<IReadOnlyList<Protos.Keys.V1.Verification>> VerifyAsync(KeysHost host, params string[] secrets) =>
        (await host.Client.VerifyAsync(new VerifyRequest { Secrets = { secrets.Select(secret => new PresentedSecret { Secret = secret }) } })).Verifications;
}

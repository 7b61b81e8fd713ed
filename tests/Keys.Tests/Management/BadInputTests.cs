using Google.Protobuf.WellKnownTypes;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Testing;

namespace LlmGateway.Keys.Tests;

/// <summary>Every field of every request, beyond its bounds: refused by its name, with nothing stored.</summary>
public sealed class BadInputTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Listed = "a-listed-key-of-any-form";
    private static readonly FakeTime Time = new();
    private static readonly string Generated = "sk-llmgw-" + new string('A', 49);

    [Fact]
    public async Task Each_field_out_of_bounds_is_refused_by_its_name_and_changes_nothing()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await KeysHost.StartAsync(database, Listed, "sk-administrator-of-this-test", Time);
        await host.CreateAccountAsync("acme");
        await host.CreateTariffAsync("gold", new Protos.Keys.V1.Limits());
        var key = (await host.IssueAsync("a key")).Key.Id;
        var (position, entries) = (await Management.PositionAsync(database), (await host.AuditAsync()).Count);
        var admin = host.Admin;

        var cases = Cases(admin, key).ToList();
        foreach (var (field, kind, call) in cases)
        {
            var rejection = await call();

            rejection.ShouldNotBeNull(field);
            (rejection.Field, rejection.Kind).ShouldBe((field, kind), rejection.Message);
            rejection.Message.ShouldStartWith($"{field}: ");
            rejection.Message.ShouldEndWith(".");
            rejection.Message.ShouldNotContain(Generated);
            rejection.Message.ShouldNotContain(Listed);
        }

        cases.Count.ShouldBeGreaterThan(100);
        (await Management.PositionAsync(database)).ShouldBe(position);
        (await host.AuditAsync()).Count.ShouldBe(entries);
    }

    [Theory]
    [InlineData("admin")]
    [InlineData("default")]
    [InlineData("gold")]
    public async Task A_secret_that_is_the_same_word_as_an_id_locks_nobody_out(string secret)
    {
        await using var host = await KeysHost.StartAsync(await postgres.CreateKeysDatabaseAsync(), "", secret, Time);

        await host.CreateTariffAsync("gold", new Protos.Keys.V1.Limits());
        await host.CreateAccountAsync("acme", "gold");
        await host.IssueAsync("a key", "default", tariff: "gold");
        (await host.Admin.UpdateAccountAsync(new UpdateAccountRequest { Actor = Management.By, Id = "admin", Tariff = "gold" })).Rejection.ShouldBeNull();
        (await host.Admin.ImportKeysAsync(new ImportKeysRequest { Actor = Management.By, Keys = { new ImportedKey { Secret = "acme", Name = "n" } } }))
            .Rejection.ShouldBeNull();
        (await host.Admin.CreateAccountAsync(new CreateAccountRequest { Actor = Management.By, Id = "other", Description = secret }))
            .Rejection.Field.ShouldBe("description");
    }

    [Fact]
    public async Task A_label_whose_name_is_a_secret_is_told_by_its_position()
    {
        await using var host = await KeysHost.StartAsync(await postgres.CreateKeysDatabaseAsync(), "short.secret", "sk-administrator-of-this-test", Time);

        var rejection = (await host.Admin.CreateAccountAsync(new CreateAccountRequest
        {
            Actor = Management.By,
            Id = "acme",
            Labels = { ["a"] = "b", ["short.secret"] = new string('v', 257) },
        })).Rejection;

        (rejection.Field, rejection.Kind).ShouldBe(("labels[1]", RejectionKind.Invalid));
        rejection.Message.ShouldNotContain("short.secret");
    }

    [Fact]
    public async Task Each_field_at_its_bounds_is_accepted()
    {
        await using var host = await KeysHost.StartAsync(await postgres.CreateKeysDatabaseAsync(), "", "sk-administrator-of-this-test", Time);
        await host.CreateTariffAsync(new string('t', 64), Most());
        var request = new IssueKeyRequest
        {
            Actor = Management.By,
            Name = new string('n', 128),
            Description = new string('d', 1024),
            AccountId = string.Concat(Enumerable.Repeat("aZ09_.@:-", 15))[..128],
            Tariff = new string('t', 64),
            Limits = Most(),
            ExpiresAt = Timestamp.FromDateTimeOffset(Time.GetUtcNow().AddDays(36_525)),
        };
        request.AllowedModels.AddRange(Enumerable.Repeat(new string('m', 256), 256));
        foreach (var index in Enumerable.Range(0, 32))
        {
            request.Labels[$"{index}".PadLeft(64, 'l')] = new string('v', 256);
        }

        var issued = (await host.Admin.IssueKeyAsync(request)).Key;

        issued.Key.Limits.ShouldBe(Most());
        await host.RotateAsync(issued.Key.Id, TimeSpan.FromDays(30));
    }

    private static IEnumerable<(string Field, RejectionKind Kind, Func<Task<Rejection?>> Call)> Cases(KeysAdminApi.KeysAdminApiClient admin, string key) =>
    [
        .. Actors(admin), .. Issue(admin), .. Import(admin), .. OfKeys(admin, key), .. OfAccounts(admin), .. OfTariffs(admin), .. Lists(admin),
    ];

    private static IEnumerable<(string, RejectionKind, Func<Task<Rejection?>>)> Actors(KeysAdminApi.KeysAdminApiClient admin)
    {
        (string, Actor?)[] actors =
        [
            ("actor", null),
            ("actor.account_id", new Actor()),
            ("actor.account_id", new Actor(Management.By) { AccountId = new string('a', 129) }),
            ("actor.key_id", new Actor(Management.By) { KeyId = "1" }),
            ("actor.masked_key", new Actor(Management.By) { MaskedKey = "sk-a-whole-key" }),
            ("actor.request_id", new Actor(Management.By) { RequestId = new string('r', 129) }),
            ("actor.request_id", new Actor(Management.By) { RequestId = "a\nb" }),
        ];
        return actors.Select(actor => Invalid(actor.Item1, async () => (await admin.CreateAccountAsync(
            new CreateAccountRequest { Actor = actor.Item2, Id = "new" })).Rejection));
    }

    private static IEnumerable<(string, RejectionKind, Func<Task<Rejection?>>)> Issue(KeysAdminApi.KeysAdminApiClient admin)
    {
        foreach (var (field, set) in Texts<IssueKeyRequest>("name", 128, mayBeEmpty: false, (request, text) => request.Name = text)
            .Concat(Texts<IssueKeyRequest>("description", 1024, mayBeEmpty: true, (request, text) => request.Description = text))
            .Concat(NewIds<IssueKeyRequest>("account_id", 128, (request, text) => request.AccountId = text))
            .Concat(Ids<IssueKeyRequest>("tariff", 64, (request, text) => request.Tariff = text))
            .Concat(LabelSets<IssueKeyRequest>(request => request.Labels))
            .Concat(Patterns<IssueKeyRequest>(request => request.AllowedModels))
            .Concat(LimitSets<IssueKeyRequest>((request, limits) => request.Limits = limits))
            .Concat(Expiries<IssueKeyRequest>((request, at) => request.ExpiresAt = at))
            .Append(("role", request => request.Role = Role.Internal))
            .Append(("role", request => request.Role = (Role)9)))
        {
            var request = new IssueKeyRequest { Actor = Management.By, Name = "n" };
            set(request);
            yield return Invalid(field, async () => (await admin.IssueKeyAsync(request)).Rejection);
        }

        foreach (var none in (string[])["none", Generated, Listed])
        {
            yield return NotFound("tariff", async () => (await admin.IssueKeyAsync(
                new IssueKeyRequest { Actor = Management.By, Name = "n", Tariff = none })).Rejection);
        }
    }

    private static IEnumerable<(string, RejectionKind, Func<Task<Rejection?>>)> Import(KeysAdminApi.KeysAdminApiClient admin)
    {
        foreach (var (field, set) in Texts<ImportedKey>("name", 128, mayBeEmpty: false, (request, text) => request.Name = text)
            .Concat(Texts<ImportedKey>("description", 1024, mayBeEmpty: true, (request, text) => request.Description = text))
            .Concat(LimitSets<ImportedKey>((request, limits) => request.Limits = limits))
            .Append(("secret", key => key.Secret = ""))
            .Append(("secret", key => key.Secret = "a b"))
            .Append(("secret", key => key.Secret = "a\tb"))
            .Append(("secret", key => key.Secret = "schlüssel"))
            .Append(("secret", key => key.Secret = new string('s', 513)))
            .Append(("secret", key => key.Secret = "first"))
            .Append(("name", key => key.Name = "first"))
            .Append(("description", key => key.Description = "it is 1234567890abcdef or so")))
        {
            var second = new ImportedKey { Secret = "1234567890abcdef", Name = "n" };
            set(second);
            yield return Invalid($"keys[1].{field}", Call(new ImportedKey { Secret = "first", Name = "n" }, second));
        }

        yield return Invalid("keys", Call());
        yield return Invalid("keys", Call([.. Enumerable.Range(0, 10_001).Select(index => new ImportedKey { Secret = $"s{index}", Name = "n" })]));
        yield return ("keys[1].secret", RejectionKind.Conflict, Call(new() { Secret = "first", Name = "n" }, new() { Secret = Listed, Name = "n" }));

        Func<Task<Rejection?>> Call(params ImportedKey[] keys) => async () =>
            (await admin.ImportKeysAsync(new ImportKeysRequest { Actor = Management.By, Keys = { keys } })).Rejection;
    }

    private static IEnumerable<(string, RejectionKind, Func<Task<Rejection?>>)> OfKeys(KeysAdminApi.KeysAdminApiClient admin, string key)
    {
        foreach (var (field, set) in Texts<UpdateKeyRequest>("name", 128, mayBeEmpty: false, (request, text) => request.Name = text)
            .Concat(Texts<UpdateKeyRequest>("description", 1024, mayBeEmpty: true, (request, text) => request.Description = text))
            .Concat(Ids<UpdateKeyRequest>("tariff", 64, (request, text) => request.Tariff = text))
            .Concat(LabelSets<UpdateKeyRequest>(request => (request.Labels = new Labels()).Values))
            .Concat(Patterns<UpdateKeyRequest>(request => (request.AllowedModels = new AllowedModels()).Patterns))
            .Concat(Expiries<UpdateKeyRequest>((request, at) => request.Expires = new Expiry { At = at }))
            .Concat(Texts<UpdateKeyRequest>("key", 128, mayBeEmpty: false, (request, text) => request.Key = text)))
        {
            var request = new UpdateKeyRequest { Actor = Management.By, Key = key };
            set(request);
            yield return Invalid(field, async () => (await admin.UpdateKeyAsync(request)).Rejection);
        }

        foreach (var (field, set) in LimitSets<SetLimitsRequest>((request, limits) => request.Limits = limits))
        {
            var request = new SetLimitsRequest { Actor = Management.By, Key = key };
            set(request);
            yield return Invalid(field, async () => (await admin.SetLimitsAsync(request)).Rejection);
        }

        foreach (var overlap in (Duration[])[
            new() { Seconds = -1 }, new() { Nanos = -1 }, new() { Seconds = 30 * 86_400, Nanos = 1 }, new() { Seconds = long.MaxValue }])
        {
            yield return Invalid("overlap", async () => (await admin.RotateKeyAsync(
                new RotateKeyRequest { Actor = Management.By, Key = key, Overlap = overlap })).Rejection);
        }

        yield return NotFound("key", async () => (await admin.RevokeKeyAsync(new RevokeKeyRequest { Actor = Management.By, Key = "none" })).Rejection);
        yield return NotFound("key", async () => (await admin.GetKeyAsync(new GetKeyRequest { Key = Management.ActorKey })).Rejection);
        yield return Invalid("key", async () => (await admin.GetKeyAsync(new GetKeyRequest())).Rejection);
    }

    private static IEnumerable<(string, RejectionKind, Func<Task<Rejection?>>)> OfAccounts(KeysAdminApi.KeysAdminApiClient admin)
    {
        foreach (var (field, set) in NewIds<CreateAccountRequest>("id", 128, (request, text) => request.Id = text)
            .Concat(Ids<CreateAccountRequest>("tariff", 64, (request, text) => request.Tariff = text))
            .Concat(Texts<CreateAccountRequest>("description", 1024, mayBeEmpty: true, (request, text) => request.Description = text))
            .Concat(LabelSets<CreateAccountRequest>(request => request.Labels))
            .Append(("id", request => request.Id = "")))
        {
            var request = new CreateAccountRequest { Actor = Management.By, Id = "new" };
            set(request);
            yield return Invalid(field, async () => (await admin.CreateAccountAsync(request)).Rejection);
        }

        foreach (var (field, set) in Ids<UpdateAccountRequest>("tariff", 64, (request, text) => request.Tariff = text)
            .Concat(Texts<UpdateAccountRequest>("description", 1024, mayBeEmpty: true, (request, text) => request.Description = text))
            .Concat(LabelSets<UpdateAccountRequest>(request => (request.Labels = new Labels()).Values)))
        {
            var request = new UpdateAccountRequest { Actor = Management.By, Id = "acme" };
            set(request);
            yield return Invalid(field, async () => (await admin.UpdateAccountAsync(request)).Rejection);
        }

        yield return ("id", RejectionKind.Conflict, async () => (await admin.CreateAccountAsync(
            new CreateAccountRequest { Actor = Management.By, Id = "acme" })).Rejection);
        yield return NotFound("id", async () => (await admin.GetAccountAsync(new GetAccountRequest { Id = "none" })).Rejection);
        yield return Invalid("id", async () => (await admin.GetAccountAsync(new GetAccountRequest { Id = "no ne" })).Rejection);
        yield return NotFound("id", async () => (await admin.SetAccountRevokedAsync(
            new SetAccountRevokedRequest { Actor = Management.By, Id = "none", Revoked = true })).Rejection);
        yield return ("id", RejectionKind.Conflict, async () => (await admin.SetAccountRevokedAsync(
            new SetAccountRevokedRequest { Actor = Management.By, Id = "admin", Revoked = true })).Rejection);
    }

    private static IEnumerable<(string, RejectionKind, Func<Task<Rejection?>>)> OfTariffs(KeysAdminApi.KeysAdminApiClient admin)
    {
        var past = Timestamp.FromDateTimeOffset(Time.GetUtcNow().AddSeconds(-1));
        foreach (var (field, set) in NewIds<CreateTariffRequest>("id", 64, (request, text) => request.Id = text)
            .Concat(Texts<CreateTariffRequest>("description", 1024, mayBeEmpty: true, (request, text) => request.Description = text))
            .Concat(LimitSets<CreateTariffRequest>((request, limits) => request.Limits = limits))
            .Append(("effective_from", request => request.EffectiveFrom = past)))
        {
            var request = new CreateTariffRequest { Actor = Management.By, Id = "new" };
            set(request);
            yield return Invalid(field, async () => (await admin.CreateTariffAsync(request)).Rejection);
        }

        foreach (var (field, set) in LimitSets<AddTariffVersionRequest>((request, limits) => request.Limits = limits)
            .Append(("effective_from", request => request.EffectiveFrom = past))
            .Append(("effective_from", request => request.EffectiveFrom = new Timestamp { Seconds = long.MaxValue })))
        {
            var request = new AddTariffVersionRequest { Actor = Management.By, Id = "gold" };
            set(request);
            yield return Invalid(field, async () => (await admin.AddTariffVersionAsync(request)).Rejection);
        }

        yield return ("id", RejectionKind.Conflict, async () => (await admin.CreateTariffAsync(
            new CreateTariffRequest { Actor = Management.By, Id = "gold" })).Rejection);
        yield return ("effective_from", RejectionKind.Conflict, async () => (await admin.AddTariffVersionAsync(
            new AddTariffVersionRequest { Actor = Management.By, Id = "gold" })).Rejection);
        yield return Invalid("description", async () => (await admin.UpdateTariffAsync(
            new UpdateTariffRequest { Actor = Management.By, Id = "gold", Description = "a\u0000b" })).Rejection);
        yield return NotFound("id", async () => (await admin.UpdateTariffAsync(new UpdateTariffRequest { Actor = Management.By, Id = "none" })).Rejection);
        yield return NotFound("id", async () => (await admin.GetTariffAsync(new GetTariffRequest { Id = "none" })).Rejection);
    }

    private static IEnumerable<(string, RejectionKind, Func<Task<Rejection?>>)> Lists(KeysAdminApi.KeysAdminApiClient admin)
    {
        foreach (var (field, limit, cursor) in ((string, int, string)[])[
            ("limit", -1, ""), ("limit", 201, ""), ("cursor", 0, "x"), ("cursor", 0, "!"), ("cursor", 0, new string('A', 4096)),
            ("cursor", 0, Base64Url("keys:not-a-uuid")), ("cursor", 0, Base64Url("accounts:not an id")), ("cursor", 0, Base64Url("audit:-1"))])
        {
            yield return Invalid(field, async () => (await admin.ListKeysAsync(new ListKeysRequest { Limit = limit, Cursor = cursor })).Rejection);
            yield return Invalid(field, async () => (await admin.ListAccountsAsync(new ListRequest { Limit = limit, Cursor = cursor })).Rejection);
            yield return Invalid(field, async () => (await admin.ListTariffsAsync(new ListRequest { Limit = limit, Cursor = cursor })).Rejection);
            yield return Invalid(field, async () => (await admin.ListAuditAsync(new ListRequest { Limit = limit, Cursor = cursor })).Rejection);
        }

        yield return Invalid("account_id", async () => (await admin.ListKeysAsync(new ListKeysRequest { AccountId = "no ne" })).Rejection);
    }

    private static IEnumerable<(string, Action<T>)> Texts<T>(string field, int longest, bool mayBeEmpty, Action<T, string> set)
    {
        string[] wrong =
        [
            new('x', longest + 1), "a\nb", "a\u001b[2Jb", "a\u007f", "a\u2028b", "a\u202eb",
            Generated, $"see {Generated}!", Listed, $"see {Listed} please", .. mayBeEmpty ? (string[])[] : ["", " "],
        ];
        return wrong.Select(text => (field, new Action<T>(request => set(request, text))));
    }

    private static IEnumerable<(string, Action<T>)> Ids<T>(string field, int longest, Action<T, string> set) =>
        ((string[])[new('x', longest + 1), "a b", "a/b", "ä", "a\n", ".", ".."]).Select(text => (field, new Action<T>(request => set(request, text))));

    private static IEnumerable<(string, Action<T>)> NewIds<T>(string field, int longest, Action<T, string> set) => Ids(field, longest, set)
        .Concat(((string[])[Generated, Listed]).Select(text => (field, new Action<T>(request => set(request, text)))));

    private static IEnumerable<(string, Action<T>)> LabelSets<T>(Func<T, IDictionary<string, string>> labels) =>
    [
        ("labels", request => labels(request)[""] = ""),
        ("labels", request => labels(request)["a b"] = ""),
        ("labels", request => labels(request)[new string('l', 65)] = ""),
        ("labels[0]", request => labels(request)[Generated] = ""),
        ("labels[0]", request => labels(request)[Listed] = "a\rb"),
        ("labels.team", request => labels(request)["team"] = new string('v', 257)),
        ("labels.team", request => labels(request)["team"] = "a\rb"),
        ("labels.team", request => labels(request)["team"] = Generated),
        ("labels.team", request => labels(request)["team"] = Listed),
        ("labels", request =>
        {
            var all = labels(request);
            Enumerable.Range(0, 33).ToList().ForEach(index => all[$"l{index}"] = "");
        }),
    ];

    private static IEnumerable<(string, Action<T>)> Patterns<T>(Func<T, IList<string>> patterns) =>
    [
        .. ((string[])["", " ", new('m', 257), "a\nb", Generated, Listed]).Select(pattern => ("allowed_models[1]", new Action<T>(request =>
        {
            var all = patterns(request);
            all.Add("gpt-*");
            all.Add(pattern);
        }))),
        ("allowed_models", request => Enumerable.Repeat("m", 257).ToList().ForEach(patterns(request).Add)),
    ];

    private static IEnumerable<(string, Action<T>)> LimitSets<T>(Action<T, Protos.Keys.V1.Limits> set)
    {
        (string, Action<Protos.Keys.V1.Limits, long>, long Most)[] limits =
        [
            ("total_tokens", (limits, value) => limits.TotalTokens = value, 1_000_000_000_000_000),
            ("daily_tokens", (limits, value) => limits.DailyTokens = value, 1_000_000_000_000_000),
            ("monthly_tokens", (limits, value) => limits.MonthlyTokens = value, 1_000_000_000_000_000),
            ("total_usd", (limits, value) => limits.TotalNanoUsd = value, 1_000_000_000_000_000_000),
            ("daily_usd", (limits, value) => limits.DailyNanoUsd = value, 1_000_000_000_000_000_000),
            ("monthly_usd", (limits, value) => limits.MonthlyNanoUsd = value, 1_000_000_000_000_000_000),
            ("requests_per_minute", (limits, value) => limits.RequestsPerMinute = value, 1_000_000_000),
            ("requests_per_hour", (limits, value) => limits.RequestsPerHour = value, 1_000_000_000),
            ("tokens_per_minute", (limits, value) => limits.TokensPerMinute = value, 1_000_000_000_000_000),
            ("parallel", (limits, value) => limits.Parallel = value, 1_000_000_000),
        ];
        return limits.SelectMany(limit => ((long[])[-1, limit.Most + 1, long.MinValue, long.MaxValue]).Select(value =>
        {
            var wrong = new Protos.Keys.V1.Limits();
            limit.Item2(wrong, value);
            return ($"limits.{limit.Item1}", new Action<T>(request => set(request, wrong)));
        }));
    }

    private static IEnumerable<(string, Action<T>)> Expiries<T>(Action<T, Timestamp> set) =>
        ((Timestamp[])[
            Timestamp.FromDateTimeOffset(Time.GetUtcNow()), Timestamp.FromDateTimeOffset(Time.GetUtcNow().AddDays(36_526)),
            new() { Seconds = long.MaxValue }, new() { Seconds = long.MinValue }, new() { Seconds = 1_900_000_000, Nanos = -1 }])
            .Select(at => ("expires_at", new Action<T>(request => set(request, at))));

    private static Protos.Keys.V1.Limits Most() => new()
    {
        TotalTokens = 1_000_000_000_000_000,
        DailyTokens = 1_000_000_000_000_000,
        MonthlyTokens = 1_000_000_000_000_000,
        TotalNanoUsd = 1_000_000_000_000_000_000,
        DailyNanoUsd = 1_000_000_000_000_000_000,
        MonthlyNanoUsd = 1_000_000_000_000_000_000,
        RequestsPerMinute = 1_000_000_000,
        RequestsPerHour = 1_000_000_000,
        TokensPerMinute = 1_000_000_000_000_000,
        Parallel = 1_000_000_000,
    };

    private static string Base64Url(string text) => System.Buffers.Text.Base64Url.EncodeToString(System.Text.Encoding.UTF8.GetBytes(text));

    private static (string, RejectionKind, Func<Task<Rejection?>>) Invalid(string field, Func<Task<Rejection?>> call) => (field, RejectionKind.Invalid, call);

    private static (string, RejectionKind, Func<Task<Rejection?>>) NotFound(string field, Func<Task<Rejection?>> call) => (field, RejectionKind.NotFound, call);
}

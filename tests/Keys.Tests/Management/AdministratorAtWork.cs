using Google.Protobuf.WellKnownTypes;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Keys.Tests;

/// <summary>An administrator at work. What a test does not say has a value that is all right.</summary>
internal static class Management
{
    public const string ActorKey = "0198f000-0000-7000-8000-000000000001";

    public static Actor By => new() { AccountId = "admin", KeyId = ActorKey, MaskedKey = "sk-admin...", RequestId = "req_test" };

    public static async Task<IssuedKey> IssueAsync(
        this KeysHost host, string name = "a key", string account = "acme", Role role = Role.Account, Timestamp? expiresAt = null, string tariff = "",
        Protos.Keys.V1.Limits? limits = null) => Ok(await host.Admin.IssueKeyAsync(new IssueKeyRequest
        {
            Actor = By,
            Name = name,
            AccountId = account,
            Role = role,
            ExpiresAt = expiresAt,
            Tariff = tariff,
            Limits = limits,
        }));

    public static async Task<IssuedKey> RotateAsync(this KeysHost host, string key, TimeSpan overlap) =>
        Ok(await host.Admin.RotateKeyAsync(new RotateKeyRequest { Actor = By, Key = key, Overlap = Duration.FromTimeSpan(overlap) }));

    public static async Task<KeyReply> RevokeAsync(this KeysHost host, string key) =>
        await host.Admin.RevokeKeyAsync(new RevokeKeyRequest { Actor = By, Key = key });

    public static async Task<Key> GetAsync(this KeysHost host, string key) => (await host.Admin.GetKeyAsync(new GetKeyRequest { Key = key })).Key;

    public static async Task<Tariff> CreateTariffAsync(this KeysHost host, string id, Protos.Keys.V1.Limits limits, Timestamp? from = null)
    {
        var reply = await host.Admin.CreateTariffAsync(new CreateTariffRequest { Actor = By, Id = id, Limits = limits, EffectiveFrom = from });
        reply.Rejection.ShouldBeNull();
        return reply.Tariff;
    }

    public static async Task<Account> CreateAccountAsync(this KeysHost host, string id, string tariff = "")
    {
        var reply = await host.Admin.CreateAccountAsync(new CreateAccountRequest { Actor = By, Id = id, Tariff = tariff });
        reply.Rejection.ShouldBeNull();
        return reply.Account;
    }

    public static async Task<List<AuditEntry>> AuditAsync(this KeysHost host) =>
        [.. (await host.Admin.ListAuditAsync(new ListRequest { Limit = 200 })).Entries];

    public static async Task<long> PositionAsync(string database)
    {
        await using var db = Database.Open(database);
        return db.Changes.Select(change => change.Position).OrderByDescending(position => position).FirstOrDefault();
    }

    public static async Task<List<string>> ChangesAfterAsync(string database, long position)
    {
        await using var db = Database.Open(database);
        return [.. db.Changes.Where(change => change.Position > position).OrderBy(change => change.Position)
            .AsEnumerable().Select(change => $"{change.Thing}:{change.Subject}")];
    }

    private static IssuedKey Ok(IssuedKeyReply reply)
    {
        reply.Rejection.ShouldBeNull();
        return reply.Key;
    }
}

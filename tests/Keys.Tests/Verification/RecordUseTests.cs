using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Testing;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Tests.Verification;

public sealed class RecordUseTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task The_latest_use_stays_whatever_order_the_batches_come_in_and_unknown_keys_are_left_out()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await KeysHost.StartAsync(database, "sk-a", "sk-administrator");
        var key = await StoredKey.AddAsync(database, "sk-used");
        var before = TimeProvider.System.GetUtcNow();

        await RecordAsync(host, (key.Id, 60), (Guid.NewGuid(), 0), (key.Id, 10), (key.Id, 30));
        await RecordAsync(host, (key.Id, 600));

        await using var db = Database.Open(database);
        var usedAt = (await db.ApiKeys.SingleAsync(k => k.Id == key.Id)).LastUsedAt.ShouldNotBeNull();
        usedAt.ShouldBeInRange(before.AddSeconds(-10.1), TimeProvider.System.GetUtcNow().AddSeconds(-10));
        (await db.Changes.CountAsync(change => change.Subject == key.Id.ToString())).ShouldBe(0);
    }

    [Theory]
    [InlineData("not-a-uuid", 0, 0, "uses[1].key_id: ")]
    [InlineData("6f9619ff-8b86-d011-b42d-00cf4fc964ff", 3601, 0, "uses[1].age: ")]
    [InlineData("6f9619ff-8b86-d011-b42d-00cf4fc964ff", 3600, 100, "uses[1].age: ")]
    [InlineData("6f9619ff-8b86-d011-b42d-00cf4fc964ff", -1, 0, "uses[1].age: ")]
    [InlineData("6f9619ff-8b86-d011-b42d-00cf4fc964ff", 1, int.MaxValue, "uses[1].age: ")]
    [InlineData("6f9619ff-8b86-d011-b42d-00cf4fc964ff", long.MaxValue, 0, "uses[1].age: ")]
    public async Task A_field_at_fault_is_named(string keyId, long seconds, int nanos, string fault)
    {
        await using var host = await KeysHost.StartAsync(await postgres.CreateKeysDatabaseAsync(), "sk-a", "sk-administrator");
        var request = new RecordUseRequest
        {
            Uses =
            {
                new KeyUse { KeyId = Guid.NewGuid().ToString() },
                new KeyUse { KeyId = keyId, Age = new Duration { Seconds = seconds, Nanos = nanos } },
            },
        };

        var failure = await Should.ThrowAsync<RpcException>(async () => await host.Client.RecordUseAsync(request));

        failure.StatusCode.ShouldBe(StatusCode.InvalidArgument);
        failure.Status.Detail.ShouldStartWith(fault);
    }

    [Fact]
    public async Task Rows_are_locked_in_the_order_of_their_ids_whatever_order_a_batch_has_so_that_no_two_batches_wait_for_each_other()
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await KeysHost.StartAsync(database, "sk-a", "sk-administrator");

        // In the table from the last to the first, as the batch is.
        var ids = Enumerable.Range(1, 20).Select(number => new Guid(number, 0, 0, new byte[8])).ToList();
        foreach (var id in Enumerable.Reverse(ids))
        {
            await StoredKey.AddAsync(database, $"sk-{id}", id: id);
        }

        await using var db = Database.Open(database);
        await using var transaction = await db.Database.BeginTransactionAsync();
        (await db.LinesAsync($"SELECT id::text AS \"Value\" FROM keys.api_keys WHERE id = '{ids[10]}' FOR UPDATE")).ShouldHaveSingleItem();
        var batch = RecordAsync(host, [.. Enumerable.Reverse(ids).Select(id => (id, 1))]);
        await WaitAsync(async () => (await db.LinesAsync("SELECT pid::text AS \"Value\" FROM pg_locks WHERE NOT granted")).Count > 0);

        await using var other = Database.Open(database);
        var free = await other.LinesAsync("SELECT id::text AS \"Value\" FROM keys.api_keys WHERE name = 'stored' FOR UPDATE SKIP LOCKED");
        free.Order(StringComparer.Ordinal).ShouldBe(ids.Skip(11).Select(id => id.ToString()));

        await transaction.RollbackAsync();
        await batch;
        (await Database.KeysAsync(database)).Count(key => key.LastUsedAt is not null).ShouldBe(20);
    }

    [Fact]
    public async Task A_batch_of_ten_thousand_is_taken_and_one_more_is_not()
    {
        await using var host = await KeysHost.StartAsync(await postgres.CreateKeysDatabaseAsync(), "sk-a", "sk-administrator");
        var uses = Enumerable.Range(0, 10_000).Select(_ => (Guid.NewGuid(), 0)).ToArray();

        await RecordAsync(host, uses);
        var failure = await Should.ThrowAsync<RpcException>(() => RecordAsync(host, [.. uses, (Guid.NewGuid(), 0)]));

        failure.Status.Detail.ShouldStartWith("uses: ");
    }

    private static async Task RecordAsync(KeysHost host, params (Guid KeyId, int AgeSeconds)[] uses) =>
        await host.Client.RecordUseAsync(new RecordUseRequest
        {
            Uses = { uses.Select(use => new KeyUse { KeyId = use.KeyId.ToString(), Age = Duration.FromTimeSpan(TimeSpan.FromSeconds(use.AgeSeconds)) }) },
        });

    private static async Task WaitAsync(Func<Task<bool>> isSo)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await isSo())
        {
            await Task.Delay(10, limit.Token);
        }
    }
}

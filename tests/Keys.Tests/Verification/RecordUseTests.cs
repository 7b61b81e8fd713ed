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
        var database = await postgres.CreateDatabaseAsync();
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
        await using var host = await KeysHost.StartAsync(await postgres.CreateDatabaseAsync(), "sk-a", "sk-administrator");
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
    public async Task Batches_with_the_same_keys_in_opposite_orders_do_not_block_each_other_for_good()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using var host = await KeysHost.StartAsync(database, "sk-a", "sk-administrator");
        var ids = new List<Guid>();
        foreach (var index in Enumerable.Range(0, 300))
        {
            ids.Add((await StoredKey.AddAsync(database, $"sk-{index}")).Id);
        }

        var batches = Enumerable.Range(0, 40).Select(batch =>
        {
            var order = batch % 2 == 0 ? ids : [.. Enumerable.Reverse(ids)];
            return RecordAsync(host, order.Select(id => (id, 1000 - batch)).ToArray());
        });

        await Task.WhenAll(batches);
        (await Database.KeysAsync(database)).Count(key => key.LastUsedAt is not null).ShouldBe(300);
    }

    [Fact]
    public async Task A_batch_of_ten_thousand_is_taken_and_one_more_is_not()
    {
        await using var host = await KeysHost.StartAsync(await postgres.CreateDatabaseAsync(), "sk-a", "sk-administrator");
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
}

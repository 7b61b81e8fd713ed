using LlmGateway.Protos.Keys.V1;
using LlmGateway.Testing;
using Xunit.Abstractions;

namespace LlmGateway.Keys.Tests.ApiKeys;

public sealed class KeyImportTests(PostgresFixture postgres, ITestOutputHelper output) : IClassFixture<PostgresFixture>
{
    // As the gateway gives a call of ImportKeys.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task The_most_keys_that_an_import_may_have_are_all_in_within_the_gateways_deadline()
    {
        var time = TimeProvider.System;
        await using var host = await KeysHost.StartAsync(await postgres.CreateKeysDatabaseAsync(), "", "sk-administrator-of-this-test");
        var request = new ImportKeysRequest { Actor = Management.By, AccountId = "acme" };
        request.Keys.AddRange(Enumerable.Range(0, 10_000).Select(index => new ImportedKey
        {
            Secret = $"a-key-of-another-system-{index}",
            Name = $"customer {index}",
            Description = "was brought from another system",
            Limits = new Protos.Keys.V1.Limits { TotalTokens = index },
        }));

        var began = time.GetTimestamp();
        var reply = await host.Admin.ImportKeysAsync(request, deadline: (time.GetUtcNow() + Deadline).UtcDateTime);
        output.WriteLine($"10,000 keys: {time.GetElapsedTime(began).TotalSeconds:F1} s, request {request.CalculateSize()} B, reply {reply.CalculateSize()} B");

        reply.Rejection.ShouldBeNull();
        reply.Keys.Count.ShouldBe(10_000);
        (await host.VerifyAsync("a-key-of-another-system-9999")).Key.KeyId.ShouldBe(reply.Keys[^1].Id);
        (await host.Admin.GetStatsAsync(new GetStatsRequest())).ActiveKeys.ShouldBe(10_001);
    }
}

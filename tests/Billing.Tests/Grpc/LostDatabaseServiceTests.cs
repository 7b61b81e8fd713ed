using Grpc.Core;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Testing;
using Npgsql;

namespace LlmGateway.Billing.Tests.Grpc;

/// <summary>P7 at the service's door: what callers are told while the database is lost.</summary>
public sealed class LostDatabaseServiceTests
{
    [Fact]
    public async Task Callers_are_told_not_to_repeat_what_a_lost_database_refused()
    {
        var settings = new NpgsqlConnectionStringBuilder(await new PostgresFixture().CreateDatabaseAsync());
        await using var relay = new TcpRelay(settings.Port);
        settings.Port = relay.Port;
        var server = new BillingServer(settings.ConnectionString);
        await server.InitializeAsync();
        try
        {
            relay.Cut();
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            var noticed = await FailureAsync(() => server.Client.PingAsync(new()));
            while (noticed is null)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
                noticed = await FailureAsync(() => server.Client.PingAsync(new()));
            }

            var line = (await FailureAsync(() => server.Client.ReleaseAsync(new ReleaseRequest { RequestId = BillingSystem.NewRequest() }))).ShouldNotBeNull();

            ((RpcException[])[noticed, line]).ShouldAllBe(failure =>
                failure.StatusCode == StatusCode.Unavailable && failure.Trailers.GetValue("grpc-retry-pushback-ms") == "-1");
        }
        finally
        {
            relay.Mend();
            await server.DisposeAsync();
        }
    }

    private static async Task<RpcException?> FailureAsync<TReply>(Func<AsyncUnaryCall<TReply>> call)
    {
        try
        {
            await call();
            return null;
        }
        catch (RpcException failure)
        {
            return failure;
        }
    }
}

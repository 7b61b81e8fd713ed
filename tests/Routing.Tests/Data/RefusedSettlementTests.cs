using Google.Protobuf;
using Grpc.Core;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Data;
using LlmGateway.Routing.Tests.Running;
using LlmGateway.ServiceDefaults.Shutdown;
using LlmGateway.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace LlmGateway.Routing.Tests.Data;

/// <summary>Settlements that Billing refuses or fails with, on a real outbox.</summary>
public sealed class RefusedSettlementTests : IAsyncLifetime
{
    private const string Poison = "req_poison";
    private static readonly HoldRequest Hold = new() { AccountId = "acme", OutputTokens = 9 };

    private readonly FakeTime _time = new();
    private readonly ScriptedBilling _billing;
    private ServiceProvider _services = null!;

    public RefusedSettlementTests() => _billing = new ScriptedBilling(Answer);

    private SettlementOutbox Outbox => _services.GetRequiredService<SettlementOutbox>();

    private SettlementCall Call => new(_billing.Client, NullLogger<SettlementCall>.Instance);

    public async Task InitializeAsync()
    {
        var database = await new PostgresFixture().CreateDatabaseAsync();
        _services = new ServiceCollection().AddLogging().AddMetrics().AddSingleton<RoutingMetrics>().AddSingleton<TimeProvider>(_time)
            .AddDbContext<RoutingDbContext>(options =>
            {
                options.UseNpgsql(database);
                RoutingDatabase.Configure(options);
            })
            .AddSingleton<SettlementOutbox>().BuildServiceProvider();
        await ReadAsync(async db =>
        {
            await db.Database.MigrateAsync();
            return true;
        });
    }

    public async Task DisposeAsync() => await _services.DisposeAsync();

    [Fact]
    public async Task A_settlement_that_Billing_fails_with_keeps_no_other_waiting_and_is_sent_again_after_growing_pauses()
    {
        (await Outbox.TryAddAsync(new SettleRequest { RequestId = Poison }, Hold)).ShouldBeTrue();
        _time.Advance(TimeSpan.FromSeconds(1));
        (await Outbox.TryAddAsync(new SettleRequest { RequestId = "req_behind" }, Hold)).ShouldBeTrue();
        using var sender = new SettlementSender(Call, Outbox, _time, NullLogger<SettlementSender>.Instance);
        await sender.StartAsync(CancellationToken.None);

        await Wait.UntilAsync(async () => await IdsAsync() is [Poison]);
        for (var attempts = 1; attempts < 4; attempts++)
        {
            var wanted = attempts;
            await Wait.UntilAsync(async () => (await RowAsync()).Attempts == wanted);
            (await RowAsync()).DueAt.ShouldBe(_time.GetUtcNow() + TimeSpan.FromSeconds(1 << (wanted - 1)));
            _time.Advance(TimeSpan.FromSeconds(1 << (wanted - 1)));
        }

        await sender.StopAsync(CancellationToken.None);
        (await RowAsync()).Failure.ShouldBe("a bug");
        _billing.Asked<SettleRequest>().Count(request => request.RequestId == Poison).ShouldBeInRange(3, 4);
    }

    [Fact]
    public async Task A_refused_settlement_stays_with_its_reason_and_what_was_used_until_somebody_sends_it_again()
    {
        var request = new SettleRequest { RequestId = "req_withdrawn", Usage = new() { OutputTokens = 7 } };

        (await SettleAsync(request)).ShouldBeNull();

        var row = await RowAsync();
        row.Refusal.ShouldBe("PriceUnknown: openai/gone");
        SettleRequest.Parser.ParseFrom(row.Request).ShouldBe(request);
        (await ReadAsync(db => db.Database.SqlQuery<string>(
            $"SELECT (details->'hold'->>'accountId') || ' ' || (details->'settlement'->'usage'->>'outputTokens') AS \"Value\" FROM routing.pending_settlements")
            .SingleAsync())).ShouldBe("acme 7");
        (await Outbox.WaitingAsync(10, CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_client_whose_settlement_Billing_fails_with_gets_its_end_in_bounded_time_and_the_outbox_has_the_rest()
    {
        var settling = SettleAsync(new SettleRequest { RequestId = Poison });

        while (!settling.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        (await settling).ShouldBeNull();
        (await IdsAsync()).ShouldBe([Poison]);
        (await RowAsync()).Refusal.ShouldBeNull();
        (_time.GetUtcNow() - new FakeTime().GetUtcNow()).ShouldBeGreaterThan(TimeSpan.FromSeconds(29));
    }

    private static IMessage Answer(IMessage request) => request switch
    {
        SettleRequest { RequestId: Poison } => throw new RpcException(new Status(StatusCode.Internal, "a bug")),
        SettleRequest { RequestId: "req_withdrawn" } => new SettleReply { Refusal = new() { Reason = RefusalReason.UnknownHold } },
        SettleRequest => new SettleReply { Settlement = new() },
        HoldRequest { Lost: true } => new HoldReply { Refusal = new() { Reason = RefusalReason.PriceUnknown, Model = "openai/gone" } },
        HoldRequest hold => new HoldReply { Hold = new() { OutputTokens = hold.OutputTokens } },
        _ => throw new NotSupportedException(request.ToString()),
    };

    private async Task<Settlement?> SettleAsync(SettleRequest request)
    {
        var watch = new BillingWatch(_billing.Client, _time, NullLogger<BillingWatch>.Instance);
        var (held, _) = await HeldCall.AcquireAsync(
            _billing.Client, watch, new HoldRequest(Hold) { RequestId = request.RequestId }, new BillingOptions(), _time);
        using var shutdown = new GracefulShutdown(
            new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance), Options.Create(new ShutdownOptions()), _time, NullLogger<GracefulShutdown>.Instance);
        var desk = new SettlementDesk(
            _billing.Client, Call, Outbox, shutdown, Options.Create(new BillingOptions()), _time, NullLogger<SettlementDesk>.Instance);
        return await desk.SettleAsync(request, held.ShouldNotBeNull(), CancellationToken.None);
    }

    private async Task<PendingSettlement> RowAsync() => await ReadAsync(db => db.PendingSettlements.AsNoTracking().SingleAsync());

    private async Task<string[]> IdsAsync() => await ReadAsync(db => db.PendingSettlements.Select(row => row.RequestId).ToArrayAsync());

    private async Task<T> ReadAsync<T>(Func<RoutingDbContext, Task<T>> query)
    {
        await using var scope = _services.CreateAsyncScope();
        return await query(scope.ServiceProvider.GetRequiredService<RoutingDbContext>());
    }
}

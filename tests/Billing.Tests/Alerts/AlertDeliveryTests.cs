using System.Globalization;
using System.Text.Json;
using LlmGateway.Billing.Alerts;
using LlmGateway.Billing.Pricing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LlmGateway.Billing.Tests.Alerts;

/// <summary>How alerts reach a receiver: real HTTP, and a clock that the test moves.</summary>
public sealed class AlertDeliveryTests(BillingSystem database) : IClassFixture<BillingSystem>, IAsyncLifetime
{
    private static readonly TimeSpan AMoment = TimeSpan.FromMilliseconds(1);
    private Receiver _receiver = null!;
    private BillingSystem _billing = null!;
    private PricedModel _model;

    public async Task InitializeAsync()
    {
        _receiver = await Receiver.StartAsync();
        _billing = await database.ReplicaAsync(_receiver.Settings);
        _model = await _billing.NewModelAsync();
    }

    public async Task DisposeAsync()
    {
        await _billing.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    [Fact]
    public async Task An_alert_is_posted_once_signed_and_says_what_happened()
    {
        var account = await FireAsync();

        await SendAsync();
        _billing.Time.Advance(TimeSpan.FromDays(2));
        await SendAsync();

        var (posted, fired) = (_receiver.Of(account).ShouldHaveSingleItem(), await EventAsync(account));
        JsonSerializer.Serialize(posted).ShouldBe(string.Create(CultureInfo.InvariantCulture,
            $$"""{"id":"alert_{{fired.Id}}","object":"spend_alert","account":"{{account}}","threshold":0.0000001,"window":"day","window_start":"2026-01-01","spend":0.00000012,"currency":"USD","time":"2026-01-01T00:00:00Z"}"""));
        (fired.Delivery.State, fired.Delivery.Attempts, fired.Delivery.LastError).ShouldBe(("delivered", 1, null));
        fired.Delivery.EndedAt.ShouldBe(fired.FiredAt);
    }

    [Fact]
    public async Task One_that_is_not_accepted_is_sent_again_after_pauses_that_grow_until_it_is()
    {
        var (account, left) = (await FireAsync(), 3);
        _receiver.Answer = (told, context) => Receiver.Status(context, told == account && left-- > 0 ? 500 : 200);

        await SendAsync();
        foreach (var (pause, attempts) in new[] { (5, 1), (10, 2), (20, 3) })
        {
            _billing.Time.Advance(TimeSpan.FromSeconds(pause) - AMoment);
            await SendAsync();
            _receiver.CountOf(account).ShouldBe(attempts);
            _billing.Time.Advance(AMoment);
            await SendAsync();
            _receiver.CountOf(account).ShouldBe(attempts + 1);
        }

        var delivery = (await EventAsync(account)).Delivery;
        (delivery.State, delivery.Attempts, delivery.LastError).ShouldBe(("delivered", 4, "status 500"));
        _receiver.Of(account).Select(alert => alert.GetProperty("id").GetString()).Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public async Task A_receiver_in_a_private_network_is_not_connected_to_unless_the_operator_says_so()
    {
        await _billing.DisposeAsync();
        _billing = await database.ReplicaAsync(_receiver.Settings[..2]);
        _model = await _billing.NewModelAsync();
        var account = await FireAsync();

        await SendAsync();

        _receiver.Of(account).ShouldBeEmpty();
        (await EventAsync(account)).Delivery.LastError.ShouldBe("not sent: the address is not a public one, and Billing__AlertWebhookAllowPrivate is not set");
    }

    [Fact]
    public async Task After_a_day_it_is_given_up_and_the_administrator_sees_why()
    {
        _receiver.Answer = (_, context) => Receiver.Status(context, 410);
        var account = await FireAsync();

        while (await EventAsync(account) is { Delivery: { State: "waiting", NextAt: { } next } })
        {
            _billing.Time.Advance(next - _billing.Time.GetUtcNow());
            await SendAsync();
        }

        var fired = await EventAsync(account);
        (fired.Delivery.State, fired.Delivery.LastError, fired.Delivery.NextAt).ShouldBe(("given_up", "status 410", null));
        fired.Delivery.Attempts.ShouldBe(_receiver.CountOf(account));
        fired.Delivery.Attempts.ShouldBeInRange(30, 40);
        (fired.Delivery.EndedAt!.Value - fired.FiredAt).ShouldBeInRange(AlertSender.Patience - AlertSender.LongestPause, AlertSender.Patience);
    }

    [Fact]
    public async Task A_receiver_that_hangs_delays_neither_other_alerts_nor_calls()
    {
        var (hanging, reached) = (new TaskCompletionSource(), new TaskCompletionSource());
        var stuck = await FireAsync();
        _receiver.Answer = (account, context) =>
        {
            if (account != stuck)
            {
                return Receiver.Status(context, 200);
            }

            reached.TrySetResult();
            return hanging.Task.WaitAsync(context.RequestAborted);
        };
        var sending = SendAsync();
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(30));

        var other = await FireAsync();
        await SendAsync();
        (await EventAsync(other)).Delivery.State.ShouldBe("delivered");
        sending.IsCompleted.ShouldBeFalse();
        _billing.Time.Advance(TimeSpan.FromSeconds(10));
        await sending;

        var delivery = (await EventAsync(stuck)).Delivery;
        (delivery.State, delivery.LastError, delivery.NextAt).ShouldBe(("waiting", "no answer in time", _billing.Time.GetUtcNow() + AlertSender.FirstPause));
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        _receiver.Answer = (_, context) =>
        {
            context.Response.Headers.Location = "/elsewhere";
            return Receiver.Status(context, 307);
        };
        var account = await FireAsync();

        await SendAsync();

        (await EventAsync(account)).Delivery.LastError.ShouldBe("status 307");
        _receiver.Elsewhere.ShouldBe(0);
    }

    [Fact]
    public async Task Of_two_replicas_one_sends_and_when_it_dies_the_other_sends_again()
    {
        await using var other = await database.ReplicaAsync(_receiver.Settings);
        var account = await FireAsync();
        await Task.WhenAll(SendAsync(), SendAsync(other), SendAsync(), SendAsync(other));
        _receiver.CountOf(account).ShouldBe(1);

        var dying = await FireAsync();
        await _billing.CountAsync("select count(*) from billing.take_alerts(10, $1, $2)", _billing.Time.GetUtcNow(), _billing.Time.GetUtcNow().AddSeconds(25));
        await SendAsync(other);
        _receiver.CountOf(dying).ShouldBe(0);
        other.Time.Advance(TimeSpan.FromSeconds(25));
        await SendAsync(other);
        _receiver.CountOf(dying).ShouldBe(1);
    }

    [Fact]
    public async Task Without_a_webhook_an_alert_is_kept_and_not_sent()
    {
        var account = await FireAsync(database);

        await SendAsync();

        (await EventAsync(account)).Delivery.ShouldBe(new AlertDelivery("unsent", 0, null, null, null));
        _receiver.CountOf(account).ShouldBe(0);
    }

    private Task<string> FireAsync() => FireAsync(_billing);

    private async Task<string> FireAsync(BillingSystem system)
    {
        var account = system.NewAccount();
        await system.Services.GetRequiredService<AlertList>().SetAsync(account, [new(new(100), AlertWindow.Day)], Ledger.Bookkeeper.Actor, CancellationToken.None);
        await system.Prices.RefreshAsync(CancellationToken.None);
        await AlertTests.SpendAsync(system, account, _model, 120);
        (await AlertTests.LookAsync(system)).ShouldBe(1);
        return account;
    }

    private Task SendAsync() => SendAsync(_billing);

    private static Task SendAsync(BillingSystem system) =>
        system.Services.GetServices<IHostedService>().OfType<AlertSender>().Single().SendAsync(CancellationToken.None);

    private async Task<AlertEvent> EventAsync(string account) =>
        (await database.Services.GetRequiredService<AlertList>().GetAsync(account, CancellationToken.None)).Events.ShouldHaveSingleItem();
}

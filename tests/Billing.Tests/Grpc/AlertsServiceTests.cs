using Grpc.Core;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Billing.Tests.Grpc;

public sealed class AlertsServiceTests(BillingServer server) : IClassFixture<BillingServer>
{
    [Fact]
    public async Task Alerts_are_replaced_as_a_whole()
    {
        var account = server.NewAccount();
        var (admin, other) = (new Actor { AccountId = "admin", KeyId = "key-1", MaskedKey = "sk-a...", RequestId = "req_1" }, new Actor { AccountId = "other" });
        var wanted = new SetAlertsRequest { AccountId = account, Actor = admin, Alerts = { Alert(5, AlertWindow.Total), Alert(7, AlertWindow.Day), Alert(5, AlertWindow.Day) } };

        (await server.Alerts.GetAlertsAsync(new() { AccountId = account })).SetBy.ShouldBeNull();
        await server.Alerts.SetAlertsAsync(wanted);
        wanted.Actor = other;
        var set = await server.Alerts.SetAlertsAsync(wanted);
        var read = await server.Alerts.GetAlertsAsync(new() { AccountId = account });
        var none = await server.Alerts.SetAlertsAsync(new() { AccountId = account, Actor = other });

        set.Alerts.ShouldBe([Alert(5, AlertWindow.Day), Alert(7, AlertWindow.Day), Alert(5, AlertWindow.Total)]);
        (read, none.Alerts.Count, none.Events.Count).ShouldBe((set, 0, 0));
        (set.SetBy, none.SetBy).ShouldBe((admin, other), "saying the same again changes nothing");
        none.SetAt.ShouldBeGreaterThanOrEqualTo(set.SetAt);
    }

    [Theory]
    [InlineData("no account!", 1, AlertWindow.Day, 1, "account_id")]
    [InlineData("acme", 0, AlertWindow.Day, 1, "alerts[0].amount")]
    [InlineData("acme", -1, AlertWindow.Day, 1, "alerts[0].amount")]
    [InlineData("acme", 1_000_000_000_000_000_001, AlertWindow.Day, 1, "alerts[0].amount")]
    [InlineData("acme", 1, AlertWindow.Unspecified, 1, "alerts[0].window")]
    [InlineData("acme", 1, (AlertWindow)99, 1, "alerts[0].window")]
    [InlineData("acme", 1, AlertWindow.Day, 2, "alerts[1]")]
    [InlineData("acme", 1, AlertWindow.Day, 21, "alerts")]
    public async Task A_field_that_is_not_valid_is_named(string account, long amount, AlertWindow window, int times, string field)
    {
        var request = new SetAlertsRequest { AccountId = account, Actor = new() { AccountId = "admin" }, Alerts = { Enumerable.Repeat(Alert(amount, window), times) } };

        var refused = await Should.ThrowAsync<RpcException>(() => server.Alerts.SetAlertsAsync(request).ResponseAsync);

        (refused.StatusCode, refused.Status.Detail.Split(": ")[0]).ShouldBe((StatusCode.InvalidArgument, field));
    }

    private static Alert Alert(long amount, AlertWindow window) => new() { AmountNanoUsd = amount, Window = window };
}

using System.Net;
using System.Text;
using System.Text.Json;
using Google.Protobuf.WellKnownTypes;
using LlmGateway.Gateway.Admin;
using LlmGateway.Gateway.Tests.Hosting;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Tests.Admin;

[Collection(GatewayCollection.Name)]
public sealed class AlertBodyTests(GatewayHost gateway)
{
    [Fact]
    public void Alerts_are_read_exactly()
    {
        var body = AdminBody.Parse(
            """{"alerts":[{"amount":10.000000001,"window":"day"},{"amount":5,"window":"total"}]}"""u8, AdminJson.Read.NewAlertsBody, out _)!;

        body.Fault().ShouldBeNull();
        body.Alerts!.Select(alert => alert!.ToProto()).ShouldBe(
        [
            new Alert { AmountNanoUsd = 10_000_000_001, Window = AlertWindow.Day }, new Alert { AmountNanoUsd = 5_000_000_000, Window = AlertWindow.Total },
        ]);
    }

    [Theory]
    [InlineData("""{}""", "alerts")]
    [InlineData("""{"alerts":null}""", "alerts")]
    [InlineData("""{"alerts":[null]}""", "alerts[0]")]
    [InlineData("""{"alerts":[{"window":"day"}]}""", "alerts[0].amount")]
    [InlineData("""{"alerts":[{"amount":1,"window":"day"},{"amount":1}]}""", "alerts[1].window")]
    [InlineData("""{"alerts":[{"amount":1,"window":"week"}]}""", "alerts[0].window")]
    [InlineData("""{"alerts":[{"amount":-1,"window":"day"}]}""", "alerts[0].amount")]
    [InlineData("""{"alerts":[{"amount":0,"window":"day"}]}""", "alerts[0].amount")]
    [InlineData("""{"alerts":[{"amount":1000000000.000000001,"window":"day"}]}""", "alerts[0].amount")]
    [InlineData("""{"alerts":[{"amount":1e2,"window":"day"}]}""", "alerts[0].amount")]
    [InlineData("""{"alerts":[{"amount":"NaN","window":"day"}]}""", "alerts[0].amount")]
    [InlineData("""{"alerts":[{"amount":0.0000000001,"window":"day"}]}""", "alerts[0].amount")]
    [InlineData("""{"alerts":[{"amount":9223372036.854775808,"window":"day"}]}""", "alerts[0].amount")]
    [InlineData("""{"alerts":[{"amount":1,"window":"day","email":"x"}]}""", "alerts[0].email")]
    public async Task What_is_no_list_of_alerts_is_refused_by_its_field(string json, string param)
    {
        using var client = gateway.ClientOf(Role.Administrator);
        using var content = new StringContent(json, Encoding.UTF8, "application/json");

        using var response = await client.PutAsync(new Uri("/admin/accounts/acme/alerts", UriKind.Relative), content);

        var error = await ErrorAnswer.ReadAsync(response);
        (error.Status, error.Param).ShouldBe((HttpStatusCode.BadRequest, param));
    }

    [Fact]
    public void Bounds_are_told_in_the_units_of_the_request()
    {
        var alert = new AlertBody(new(0), "day");

        new NewAlertsBody([alert]).Fault()!.Message.ShouldBe("'alerts[0].amount' must be more than 0 and at most 1000000000.");
        new NewAlertsBody([.. Enumerable.Repeat(alert with { Amount = new(1) }, 20)]).Fault().ShouldBeNull();
        new NewAlertsBody([.. Enumerable.Repeat(alert with { Amount = new(1) }, 21)]).Fault()!.Message.ShouldBe("'alerts' must be a list of at most 20 alerts.");
    }

    [Fact]
    public void An_alert_that_has_fired_shows_how_far_its_delivery_is()
    {
        var at = Timestamp.FromDateTime(new DateTime(2026, 11, 21, 10, 0, 0, DateTimeKind.Utc));
        var reply = new AccountAlerts
        {
            AccountId = "acme",
            Alerts = { new Alert { AmountNanoUsd = 10_000_000_000, Window = AlertWindow.Month } },
            SetBy = new() { AccountId = "admin", KeyId = "key-1", MaskedKey = "sk-a..." },
            SetAt = at,
            Events =
            {
                new AlertEvent
                {
                    Id = 7,
                    Alert = new() { AmountNanoUsd = 10_000_000_000, Window = AlertWindow.Month },
                    WindowStart = "2026-11-01",
                    SpendNanoUsd = 10_250_000_000,
                    FiredAt = at,
                    Delivery = new() { State = "waiting", Attempts = 2, NextAt = at, LastError = "status 500" },
                },
            },
        };

        JsonSerializer.Serialize(AccountAlertsBody.From(reply), AdminJson.Wire.AccountAlertsBody).ShouldBe(
            """{"object":"alerts","account_id":"acme","alerts":[{"amount":10,"window":"month"}],"set_by":{"account_id":"admin","key_id":"key-1","masked_key":"sk-a...","request_id":null},"set_at":"2026-11-21T10:00:00Z","events":[{"id":"alert_7","amount":10,"window":"month","window_start":"2026-11-01","spend":10.25,"fired_at":"2026-11-21T10:00:00Z","delivery":{"state":"waiting","attempts":2,"next_at":"2026-11-21T10:00:00Z","ended_at":null,"last_error":"status 500"}}]}""");
    }
}

using System.Net;
using System.Text.Json;
using Google.Protobuf.WellKnownTypes;
using LlmGateway.Gateway.Account;
using LlmGateway.Gateway.Tests.Hosting;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Gateway.Tests.Account;

[Collection(GatewayCollection.Name)]
public sealed class AccountTests(GatewayHost gateway)
{
    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=101", "limit")]
    [InlineData("limit=-1", "limit")]
    [InlineData("limit=ten", "limit")]
    [InlineData("limit=", "limit")]
    [InlineData("limit=1&limit=2", "limit")]
    [InlineData("limit=99999999999999999999", "limit")]
    [InlineData("offset=-1", "offset")]
    [InlineData("offset=1.5", "offset")]
    [InlineData("offset=2147483648", "offset")]
    public async Task A_page_that_is_none_is_refused_by_its_field(string query, string param)
    {
        using var client = gateway.Client();

        using var response = await client.GetAsync($"/billing/transactions?{query}");

        var error = await ErrorAnswer.ReadAsync(response);
        (error.Status, error.Code, error.Param).ShouldBe((HttpStatusCode.BadRequest, "invalid_value", param));
    }

    [Theory]
    [InlineData("/billing/balance")]
    [InlineData("/billing/transactions")]
    [InlineData("/billing/transactions?limit=100&offset=5")]
    public async Task Without_Billing_the_answer_is_503(string path)
    {
        using var client = gateway.Client();

        using var response = await client.GetAsync(path);

        var error = await ErrorAnswer.ReadAsync(response);
        (error.Status, error.Type, error.Code)
            .ShouldBe((HttpStatusCode.ServiceUnavailable, "service_unavailable_error", "billing_unavailable"));
    }

    [Fact]
    public void A_balance_has_exact_decimals_without_an_exponent() =>
        JsonSerializer.Serialize(
            BalanceBody.From("acme", new GetBalanceReply { BalanceNanoUsd = 100_000_000_000, HeldNanoUsd = 1, Currency = "USD" }), AccountJson.Wire.BalanceBody)
            .ShouldBe("""{"user_id":"acme","balance":100,"available":99.999999999,"held":0.000000001,"currency":"USD"}""");

    [Fact]
    public void A_transaction_has_the_shape_of_the_contract()
    {
        var reply = new ListTransactionsReply { Total = 7 };
        reply.Transactions.Add(new Transaction
        {
            Id = "txn_1",
            AmountNanoUsd = -140_001,
            Description = "Chat completion with gpt-x",
            Timestamp = Timestamp.FromDateTime(new DateTime(2026, 11, 21, 10, 0, 0, DateTimeKind.Utc)),
            Kind = "charge",
            BalanceAfterNanoUsd = 99_999_859_999,
        });

        JsonSerializer.Serialize(TransactionsBody.From("acme", new TransactionsPage(10, 0), reply), AccountJson.Wire.TransactionsBody).ShouldBe(
            """{"user_id":"acme","transactions":[{"id":"txn_1","amount":-0.000140001,"description":"Chat completion with gpt-x","timestamp":"2026-11-21T10:00:00Z","kind":"charge","request_id":null,"model":null,"balance_after":99.999859999}],"limit":10,"offset":0,"total":7}""");
    }
}

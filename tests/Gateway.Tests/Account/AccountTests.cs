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
    [InlineData("cursor=", "cursor")]
    [InlineData("cursor=txn_1", "cursor")]
    [InlineData("cursor=dHhuXzE&cursor=dHhuXzE", "cursor")]
    [InlineData("cursor=dHhuX3g", "cursor")]
    [InlineData("cursor=dHhuXy0x", "cursor")]
    [InlineData("cursor=dHhuXzk5OTk5OTk5OTk5OTk5OTk5OTk", "cursor")]
    [InlineData("cursor=%00%ff", "cursor")]
    [InlineData("cursor=dHhuXzE&offset=0", "offset")]
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
    [InlineData("/billing/transactions?limit=100&cursor=dHhuXzE")]
    [InlineData("/v1/generations/req_01JD3ZK5T0Q8M7V4N2X9B6C1RE")]
    public async Task Without_Billing_the_answer_is_503(string path)
    {
        using var client = gateway.Client();

        using var response = await client.GetAsync(path);

        var error = await ErrorAnswer.ReadAsync(response);
        (error.Status, error.Type, error.Code)
            .ShouldBe((HttpStatusCode.ServiceUnavailable, "service_unavailable_error", "billing_unavailable"));
        var request = response.Headers.GetValues("x-request-id").Single();
        gateway.Log.All.Single(line => line.Text.StartsWith($"Billing.Service did not answer request {request}", StringComparison.Ordinal))
            .Text.TrimEnd().ShouldBe($"Billing.Service did not answer request {request}: Unavailable.", "an outage is a line for each request, and no stack");
    }

    [Fact]
    public void A_balance_has_exact_decimals_without_an_exponent() =>
        JsonSerializer.Serialize(
            BalanceBody.From("acme", new GetBalanceReply { BalanceNanoUsd = 100_000_000_000, HeldNanoUsd = 1, Currency = "USD" }), AccountJson.Wire.BalanceBody)
            .ShouldBe("""{"user_id":"acme","balance":100,"available":99.999999999,"held":0.000000001,"currency":"USD"}""");

    [Fact]
    public void What_is_available_has_the_overdraft_in_it()
    {
        var reply = new GetBalanceReply { BalanceNanoUsd = -1_000_000_000, HeldNanoUsd = 2_000_000_000, OverdraftNanoUsd = 5_000_000_000, Currency = "USD" };

        BalanceBody.From("acme", reply).ShouldBe(new BalanceBody("acme", -1, 2, 2, "USD"));
    }

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
            """{"user_id":"acme","transactions":[{"id":"txn_1","amount":-0.000140001,"description":"Chat completion with gpt-x","timestamp":"2026-11-21T10:00:00Z","kind":"charge","request_id":null,"model":null,"balance_after":99.999859999}],"limit":10,"offset":0,"total":7,"next_cursor":"dHhuXzE"}""");
    }

    [Fact]
    public void The_last_page_has_no_cursor_and_one_by_cursor_no_count()
    {
        var transaction = new Transaction { Id = "txn_1", Timestamp = new Timestamp() };
        var page = new TransactionsPage(1, 6);

        TransactionsBody.From("acme", page, new ListTransactionsReply { Total = 7, Transactions = { transaction } }).NextCursor.ShouldBeNull();
        TransactionsBody.From("acme", page, new ListTransactionsReply { Total = 8 }).NextCursor.ShouldBeNull();
        var older = TransactionsBody.From("acme", page, new ListOlderTransactionsReply { More = true, Transactions = { transaction } });
        (older.NextCursor, older.Total, older.Offset).ShouldBe(("dHhuXzE", null, null));
        TransactionsBody.From("acme", page, new ListOlderTransactionsReply { Transactions = { transaction } }).NextCursor.ShouldBeNull();
    }

    [Fact]
    public void What_a_call_cost_us_is_for_administrators_and_a_running_call_says_no_more_than_that()
    {
        var at = Timestamp.FromDateTime(new DateTime(2026, 11, 21, 10, 0, 0, DateTimeKind.Utc));
        var running = new Generation { RequestId = "req_1", AccountId = "acme", KeyId = "k", State = "running", CreatedAt = at };
        var settled = new Generation(running)
        {
            State = "settled",
            ClosedAt = at,
            RequestedModel = "mini",
            ServedBy = new() { Deployment = "d-1", Provider = "openai", Model = "gpt-4o-mini" },
            Usage = new() { InputTokens = 1, CachedInputTokens = 2, CacheWriteTokens = 3, CacheWrite1HTokens = 4, OutputTokens = 5, ReasoningTokens = 2 },
            CostNanoUsd = 1_250_000_001,
            ProviderCostNanoUsd = 1_000_000_000,
            MarkupBasisPoints = 2550,
            PriceVersion = 7,
            Ending = "whole",
            Refunds = { new Booking { Id = "txn_9", AmountNanoUsd = 1, CreatedAt = at } },
            Timings = new() { StartedAt = at, TimeToFirstTokenMs = 8, TotalMs = 9 },
            Prices = new() { Input = 1_000_000_000, CachedInput = 3, CacheWrite = 2, CacheWrite1H = 0, Output = 4_000_000_000, Reasoning = 4, PerRequest = 20 },
            Held = new() { AmountNanoUsd = 2_000_000_000, PromptTokens = 8, OutputTokens = 9 },
            Considered = { new Considered { Deployment = "d-0" }, new Considered { Deployment = "d-1" }, new Considered { Deployment = "d-2", RuledOut = "failing" } },
            ProviderCosts =
            {
                new ProviderCost
                {
                    Id = "txn_3", Attempt = 2, Candidate = new() { Deployment = "d-1", Provider = "openai", Model = "gpt-4o-mini" },
                    Usage = new() { OutputTokens = 5 }, PriceVersion = 7, CostNanoUsd = 1_000_000_000,
                },
            },
            Attempts = { new Attempt { Candidate = new() { Deployment = "d-0", Provider = "openai", Model = "gpt-4o-mini" }, Outcome = "provider_error", Status = 500, DurationMs = 3 } },
        };

        Json(running, withInternals: true).ShouldBe(
            """{"id":"req_1","object":"generation","state":"running","user_id":"acme","key_id":"k","created_at":"2026-11-21T10:00:00Z","ended_at":null,"model":null,"provider":null,"provider_model":null,"usage":null,"cost":null,"written_off":null,"refunded":null,"refunds":[],"price_version":null,"rerated":null,"ending":null,"cached_from":null,"timings":null,"prices":null,"held":null,"candidates":[],"attempts":[]}""");
        var own = Json(settled, withInternals: false);
        own.ShouldBe(
            """{"id":"req_1","object":"generation","state":"settled","user_id":"acme","key_id":"k","created_at":"2026-11-21T10:00:00Z","ended_at":"2026-11-21T10:00:00Z","model":"mini","provider":"openai","provider_model":"gpt-4o-mini","usage":{"input":1,"cached_input":2,"cache_write":3,"cache_write_1h":4,"output":5,"reasoning":2,"estimated":false},"cost":1.250000001,"written_off":0,"refunded":0.000000001,"refunds":[{"id":"txn_9","amount":0.000000001,"created_at":"2026-11-21T10:00:00Z"}],"price_version":7,"rerated":false,"ending":"whole","cached_from":null,"timings":{"started_at":"2026-11-21T10:00:00Z","time_to_first_token_ms":8,"total_ms":9},"prices":{"input":1.255,"cached_input":0.000000004,"cache_write":0.000000003,"cache_write_1h":0,"output":5.02,"reasoning":0.000000005,"per_request":0.000000025},"held":{"amount":2,"prompt_tokens":8,"output_tokens":9,"estimate":false},"candidates":[{"deployment":"d-0","ruled_out":null},{"deployment":"d-1","ruled_out":null},{"deployment":"d-2","ruled_out":"failing"}],"attempts":[{"deployment":"d-0","provider":"openai","model":"gpt-4o-mini","outcome":"provider_error","status":500,"duration_ms":3,"hedged":false,"usage":null}]}""");
        Json(settled, withInternals: true).ShouldBe(
            own[..^1] + ""","internals":{"provider_cost":1,"markup_percent":25.5,"deployment":"d-1","attempted_deployments":["d-0"],"provider_prices":{"input":1,"cached_input":0.000000003,"cache_write":0.000000002,"cache_write_1h":0,"output":4,"reasoning":0.000000004,"per_request":0.00000002},"provider_costs":[{"id":"txn_3","attempt":2,"deployment":"d-1","provider":"openai","model":"gpt-4o-mini","usage":{"input":0,"cached_input":0,"cache_write":0,"cache_write_1h":0,"output":5,"reasoning":0,"estimated":false},"price_version":7,"cost":1}]}}""");
    }

    private static string Json(Generation call, bool withInternals) =>
        JsonSerializer.Serialize(GenerationBody.From(call, withInternals), GenerationJson.Wire.GenerationBody);
}

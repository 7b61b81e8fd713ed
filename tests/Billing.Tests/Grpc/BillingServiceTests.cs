using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Grpc.Core;
using Grpc.Net.Client;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Billing.Tests.Grpc;

/// <summary>The whole service on real sockets, called with the generated client.</summary>
public sealed class BillingServiceTests(BillingServer server) : IClassFixture<BillingServer>
{
    private static readonly Candidate Served = new() { Deployment = "openai-1", Provider = "openai", Model = "gpt-4o" };

    private BillingApi.BillingApiClient Billing => server.Client;

    [Fact]
    public async Task A_call_is_held_extended_renewed_settled_and_listed()
    {
        await AnnounceAsync();
        var (account, request) = (server.NewAccount(), BillingSystem.NewRequest());

        var hold = (await Billing.HoldAsync(Hold(account, request))).Hold.ShouldNotBeNull();
        var extended = (await Billing.ExtendAsync(new ExtendRequest { RequestId = request, OutputTokens = 1000 })).Hold.ShouldNotBeNull();
        var renewed = await Billing.RenewAsync(new RenewRequest { RequestId = request });
        var settlement = (await Billing.SettleAsync(Settle(request))).Settlement.ShouldNotBeNull();
        var balance = await Billing.GetBalanceAsync(new GetBalanceRequest { AccountId = account });
        var list = await Billing.ListTransactionsAsync(new ListTransactionsRequest { AccountId = account, Limit = 10 });

        // 1,000 prompt tokens at 2.50 USD and 500 output tokens at 10 USD a million, and 25 % on top.
        hold.AmountNanoUsd.ShouldBe(9_375_000);
        hold.OutputTokens.ShouldBe(500);
        (extended.AmountNanoUsd, extended.OutputTokens, extended.ExpiresAt).ShouldBe((15_625_000, 1000, hold.ExpiresAt));
        renewed.ExpiresAt.ShouldBeGreaterThanOrEqualTo(hold.ExpiresAt);
        (settlement.CostNanoUsd, settlement.ProviderCostNanoUsd, settlement.WrittenOffNanoUsd).ShouldBe((1_593_750, 1_275_000, 0));
        settlement.BalanceNanoUsd.ShouldBe(100_000_000_000 - 1_593_750);
        (balance.BalanceNanoUsd, balance.HeldNanoUsd, balance.Currency).ShouldBe((settlement.BalanceNanoUsd, 0, "USD"));
        list.Total.ShouldBe(2);
        var charge = list.Transactions[0];
        charge.Id.ShouldStartWith("txn_");
        (charge.AmountNanoUsd, charge.Description, charge.Kind, charge.RequestId, charge.Model, charge.BalanceAfterNanoUsd).ShouldBe(
            (-1_593_750, "Chat completion with gpt-4o", "charge", request, "gpt-4o", settlement.BalanceNanoUsd));
    }

    [Fact]
    public async Task Refusals_are_replies_with_the_figures()
    {
        await AnnounceAsync();
        var (account, request) = (server.NewAccount(), BillingSystem.NewRequest());

        var large = Hold(account, request);
        large.OutputTokens = large.MinOutputTokens = 1_000_000_000;
        var insufficient = (await Billing.HoldAsync(large)).Refusal.ShouldNotBeNull();
        insufficient.Reason.ShouldBe(RefusalReason.InsufficientBalance);
        (insufficient.RequiredNanoUsd, insufficient.AvailableNanoUsd, insufficient.BalanceNanoUsd, insufficient.HeldNanoUsd)
            .ShouldBe((12_500_003_125_000, 100_000_000_000, 100_000_000_000, 0));

        var unpriced = Hold(account, request);
        unpriced.Candidates.Add(new Candidate { Deployment = "d", Provider = "nobody", Model = "nothing" });
        var unknown = (await Billing.HoldAsync(unpriced)).Refusal.ShouldNotBeNull();
        (unknown.Reason, unknown.Model).ShouldBe((RefusalReason.PriceUnknown, "nobody/nothing"));

        (await Billing.SettleAsync(Settle(request))).Refusal.ShouldNotBeNull().Reason.ShouldBe(RefusalReason.UnknownHold);
        (await Billing.RenewAsync(new RenewRequest { RequestId = request })).Refusal.ShouldNotBeNull().Reason.ShouldBe(RefusalReason.UnknownHold);

        await Billing.HoldAsync(Hold(account, request));
        await Billing.ReleaseAsync(new ReleaseRequest { RequestId = request });
        (await Billing.HoldAsync(Hold(account, request))).Refusal.ShouldNotBeNull().Reason.ShouldBe(RefusalReason.ClosedHold);
    }

    [Fact]
    public async Task A_quote_is_the_holds_amount_names_what_has_no_price_and_holds_nothing()
    {
        await AnnounceAsync();
        var (account, request) = (server.NewAccount(), BillingSystem.NewRequest());

        (await Billing.QuoteAsync(Hold(account, request))).ShouldBe(new QuoteReply { AmountNanoUsd = 9_375_000 });

        // More than there is is no refusal: nothing is taken.
        var large = Hold(account, request);
        large.OutputTokens = large.MinOutputTokens = 1_000_000_000;
        (await Billing.QuoteAsync(large)).ShouldBe(new QuoteReply { AmountNanoUsd = 12_500_003_125_000 });
        var unpriced = Hold(account, request);
        unpriced.Candidates.Add(new Candidate { Deployment = "d", Provider = "nobody", Model = "nothing" });
        (await Billing.QuoteAsync(unpriced)).ShouldBe(new QuoteReply { Unpriced = "nobody/nothing" });
        (await Billing.GetBalanceAsync(new GetBalanceRequest { AccountId = account })).HeldNanoUsd.ShouldBe(0);
        (await Billing.RenewAsync(new RenewRequest { RequestId = request })).Refusal.ShouldNotBeNull().Reason.ShouldBe(RefusalReason.UnknownHold);
    }

    [Theory]
    [InlineData("request_id")]
    [InlineData("account_id")]
    [InlineData("candidates")]
    [InlineData("prompt_tokens")]
    [InlineData("output_tokens")]
    [InlineData("min_output_tokens")]
    public async Task A_bad_field_of_a_quote_is_named(string field)
    {
        var request = Hold(server.NewAccount(), BillingSystem.NewRequest());
        _ = field switch
        {
            "request_id" => request.RequestId = "req_",
            "account_id" => request.AccountId = "",
            "candidates" => Clear(),
            "prompt_tokens" => $"{request.PromptTokens = -1}",
            "output_tokens" => $"{request.OutputTokens = long.MaxValue}",
            _ => $"{request.MinOutputTokens = request.OutputTokens + 1}",
        };

        (await StatusAsync(Billing.QuoteAsync(request))).Detail.ShouldStartWith($"{field}: ");

        string Clear()
        {
            request.Candidates.Clear();
            return "";
        }
    }

    [Fact]
    public async Task Bad_fields_are_invalid_arguments_by_name()
    {
        (await StatusAsync(Billing.GetBalanceAsync(new GetBalanceRequest { AccountId = "?" }))).Detail.ShouldStartWith("account_id: ");
        (await StatusAsync(Billing.ListTransactionsAsync(new ListTransactionsRequest { AccountId = "a", Limit = 101 }))).Detail.ShouldStartWith("limit: ");
        (await StatusAsync(Billing.ListTransactionsAsync(new ListTransactionsRequest { AccountId = "a", Limit = 1, Offset = -1 }))).Detail.ShouldStartWith("offset: ");
        (await StatusAsync(Billing.ExtendAsync(new ExtendRequest { OutputTokens = 1 }))).Detail.ShouldStartWith("request_id: ");
        (await StatusAsync(Billing.ExtendAsync(new ExtendRequest { RequestId = BillingSystem.NewRequest(), OutputTokens = -1 })))
            .Detail.ShouldStartWith("output_tokens: ");
        (await StatusAsync(Billing.ExtendAsync(new ExtendRequest { RequestId = BillingSystem.NewRequest(), PromptTokens = -1 })))
            .Detail.ShouldStartWith("prompt_tokens: ");
        (await StatusAsync(Billing.RenewAsync(new RenewRequest()))).Detail.ShouldStartWith("request_id: ");
        (await StatusAsync(Billing.ReleaseAsync(new ReleaseRequest { RequestId = "req_" }))).Detail.ShouldStartWith("request_id: ");

        await AnnounceAsync();
        var (owner, request) = (server.NewAccount(), BillingSystem.NewRequest());
        await Billing.HoldAsync(Hold(owner, request));
        (await StatusAsync(Billing.HoldAsync(Hold(server.NewAccount(), request)))).Detail.ShouldStartWith("request_id: ");
    }

    [Fact]
    public async Task Two_hundred_parallel_calls_of_one_account_add_up()
    {
        await AnnounceAsync();
        var account = server.NewAccount();

        await Task.WhenAll(Enumerable.Range(0, 200).Select(async _ =>
        {
            var request = BillingSystem.NewRequest();
            (await Billing.HoldAsync(Hold(account, request))).Hold.ShouldNotBeNull();
            (await Billing.SettleAsync(Settle(request))).Settlement.ShouldNotBeNull();
        }));

        var balance = await Billing.GetBalanceAsync(new GetBalanceRequest { AccountId = account });
        (balance.BalanceNanoUsd, balance.HeldNanoUsd).ShouldBe((100_000_000_000 - (200 * 1_593_750), 0));
    }

    [Fact]
    public async Task It_is_ready_once_migrated_and_warm_and_the_warm_up_leaves_nothing()
    {
        using var http = new HttpClient { BaseAddress = server.HttpAddress };

        using var answer = await http.GetAsync("/ready");

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var checks = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("checks");
        checks.GetProperty("migrations").GetProperty("status").GetString().ShouldBe("healthy");
        checks.GetProperty("ledger").GetProperty("status").GetString().ShouldBe("healthy");
        (await server.CountAsync("select count(*) from billing.accounts where id = '(warm-up)'")).ShouldBe(0);
        (await server.CountAsync("select count(*) from billing.charges where request_id like '(warm-up)%'")).ShouldBe(0);
    }

    [Fact]
    public async Task What_happens_is_counted()
    {
        await AnnounceAsync();
        var counted = new Dictionary<string, long>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == BillingMetrics.MeterName)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) =>
        {
            lock (counted)
            {
                counted[instrument.Name] = counted.GetValueOrDefault(instrument.Name) + value;
            }
        });
        listener.Start();
        var request = BillingSystem.NewRequest();

        await Billing.HoldAsync(Hold(server.NewAccount(), request));
        await Billing.ExtendAsync(new ExtendRequest { RequestId = request, OutputTokens = 501 });
        await Billing.SettleAsync(Settle(request));
        await Billing.SettleAsync(Settle(request));

        // Other test classes of this process count too.
        counted["llmgateway.billing.holds"].ShouldBeGreaterThanOrEqualTo(1);
        counted["llmgateway.billing.extensions"].ShouldBeGreaterThanOrEqualTo(1);
        counted["llmgateway.billing.settlements"].ShouldBeGreaterThanOrEqualTo(2);
        counted["llmgateway.billing.charged"].ShouldBeGreaterThanOrEqualTo(1_593_750);
    }

    private static async Task<Status> StatusAsync<T>(AsyncUnaryCall<T> call)
    {
        var status = (await Should.ThrowAsync<RpcException>(async () => await call)).Status;
        status.StatusCode.ShouldBe(StatusCode.InvalidArgument);
        return status;
    }

    private async Task AnnounceAsync() => await Billing.AnnouncePricesAsync(new AnnouncePricesRequest
    {
        Prices =
        {
            new ModelPrice { Provider = "openai", Model = "gpt-4o", Input = 2_500_000_000, CachedInput = 1_250_000_000, Output = 10_000_000_000 },
        },
    });

    private static HoldRequest Hold(string account, string request) => new()
    {
        RequestId = request,
        AccountId = account,
        KeyId = "0f8fad5b-d9cb-469f-a165-70867728950e",
        Candidates = { Served },
        PromptTokens = 1000,
        OutputTokens = 500,
        MinOutputTokens = 500,
    };

    private static SettleRequest Settle(string request) => new()
    {
        RequestId = request,
        ServedBy = Served,
        Usage = new Usage { InputTokens = 80, CachedInputTokens = 20, OutputTokens = 105 },
        RequestedModel = "gpt-4o",
        Attempts = { new Attempt { Candidate = Served, Outcome = "ok", Status = 200, DurationMs = 812 } },
        Timings = new Timings { TimeToFirstTokenMs = 200, TotalMs = 820 },
    };
}

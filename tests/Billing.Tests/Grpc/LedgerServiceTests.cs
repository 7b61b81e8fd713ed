using Grpc.Core;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Billing.Tests.Grpc;

/// <summary>A model of one test's own, so that its price is known.</summary>
public sealed class LedgerServiceTests(BillingServer server) : IClassFixture<BillingServer>
{
    private const long Dollar = 1_000_000_000;

    private static readonly Actor Admin = new() { AccountId = "admin", KeyId = "key-1", MaskedKey = "sk-llmgw...", RequestId = "req_http" };

    private LedgerApi.LedgerApiClient Client => server.Ledger;

    [Fact]
    public async Task A_booking_is_told_as_it_stands_and_a_repetition_gets_the_same()
    {
        var request = new TopUpRequest { AccountId = server.NewAccount(), AmountNanoUsd = 5 * Dollar, Terms = Terms("once", "invoice 7") };

        var first = await Client.TopUpAsync(request);
        var again = await Client.TopUpAsync(request);

        first.Repeated.ShouldBeFalse();
        (first.Booking.Kind, first.Booking.AmountNanoUsd, first.Booking.BalanceAfterNanoUsd, first.Booking.Note, first.Booking.Actor)
            .ShouldBe(("top_up", 5 * Dollar, 105 * Dollar, "invoice 7", Admin));
        first.Booking.Id.ShouldStartWith("txn_");
        again.ShouldBe(new BookReply(first) { Repeated = true });
        request.AmountNanoUsd++;
        (await Client.TopUpAsync(request)).Refusal.Reason.ShouldBe(BookingRefusalReason.KeyReused);
    }

    [Fact]
    public async Task A_call_is_told_from_its_hold_to_its_refunds_to_those_whose_it_is()
    {
        var (account, call) = (server.NewAccount(), await HoldAsync("openai", "gpt-4o-mini"));
        var asker = new GetGenerationRequest { RequestId = call.RequestId, Asker = new() { AccountId = call.AccountId, KeyId = "key-7" } };
        var running = await Client.GetGenerationAsync(asker);
        (await Client.RefundAsync(new() { RequestId = call.RequestId, Terms = Terms() })).Refusal.State.ShouldBe("running");
        var settled = (await SettleAsync(call)).Settlement;
        var refund = (await Client.RefundAsync(new() { RequestId = call.RequestId, AmountNanoUsd = 1, Terms = Terms() })).Booking;

        var told = await Client.GetGenerationAsync(asker);

        (running.State, running.ServedBy, running.ClosedAt).ShouldBe(("running", null, null));
        (told.State, told.RequestedModel, told.ServedBy, told.Usage.OutputTokens, told.CostNanoUsd, told.ProviderCostNanoUsd).ShouldBe(
            ("settled", "mini", call.Candidates[0], 1000, settled.CostNanoUsd, settled.ProviderCostNanoUsd));
        told.CostNanoUsd.ShouldBeGreaterThan(0);
        told.PriceVersion.ShouldBeGreaterThan(0);
        told.Refunds.ShouldHaveSingleItem().ShouldBe(refund);
        told.Attempts.ShouldHaveSingleItem().Outcome.ShouldBe("ok");
        told.Timings.TotalMs.ShouldBe(900);

        (await Client.GetGenerationAsync(new() { RequestId = call.RequestId })).ShouldBe(told);
        asker.Asker.KeyId = "key-8";
        (await StatusAsync(Client.GetGenerationAsync(asker))).ShouldBe(StatusCode.NotFound);
        asker.Asker = new() { AccountId = account, KeyId = "key-7" };
        (await StatusAsync(Client.GetGenerationAsync(asker))).ShouldBe(StatusCode.NotFound);
        (await StatusAsync(Client.GetGenerationAsync(new() { RequestId = BillingSystem.NewRequest() }))).ShouldBe(StatusCode.NotFound);
    }

    [Fact]
    public async Task A_call_says_where_it_could_have_gone_what_was_held_by_which_prices_and_what_each_provider_call_cost()
    {
        var call = await HoldAsync("openai", "gpt-4o-mini");
        var (first, usage) = (new Candidate(call.Candidates[0]) { Deployment = "broken" }, new Usage { InputTokens = 100, OutputTokens = 7, Estimated = true });
        var settle = Settlement(call);
        settle.Attempts.Insert(0, new Attempt { Candidate = first, Outcome = "provider_error", Status = 200, Usage = usage });
        settle.AnsweredAttempt = 2;
        settle.Considered.Add([new Considered { Deployment = "broken" }, new Considered { Deployment = "one" }, new Considered { Deployment = "two", RuledOut = "failing" }]);
        var settled = (await server.Client.SettleAsync(settle)).Settlement;
        (await server.Client.SettleAsync(settle)).Settlement.ShouldBe(settled);

        var told = await Client.GetGenerationAsync(new() { RequestId = call.RequestId });

        told.Considered.ShouldBe(settle.Considered);
        (told.Held.PromptTokens, told.Held.OutputTokens, told.Held.Estimate).ShouldBe((1000, 1000, false));
        told.Held.AmountNanoUsd.ShouldBeGreaterThanOrEqualTo(told.CostNanoUsd);
        (told.Prices.Input, told.Prices.Output, told.Prices.CachedInput).ShouldBe((150_000_000, 600_000_000, 75_000_000));
        told.ProviderCosts.Select(cost => (cost.Attempt, cost.Candidate, cost.Usage.InputTokens, cost.Usage.OutputTokens, cost.CostNanoUsd, cost.PriceVersion)).ShouldBe(
            [(1, first, 100, 7, 15_000 + 4_200, told.PriceVersion), (2, call.Candidates[0], 1000, 1000, 150_000 + 600_000, told.PriceVersion)]);
        told.ProviderCosts.Sum(cost => cost.CostNanoUsd).ShouldBe(settled.ProviderCostNanoUsd);
    }

    [Theory]
    [InlineData(3, 0, "", "answered_attempt: ")]
    [InlineData(1, 0, "", "answered_attempt: ")]
    [InlineData(0, 101, "x", "considered: ")]
    [InlineData(0, 1, "", "considered[0].deployment: ")]
    [InlineData(0, 1, "x\n", "considered[0].deployment: ")]
    public async Task A_settlement_that_says_what_cannot_be_is_refused(int answered, int considered, string deployment, string message)
    {
        var settle = Settlement(await HoldAsync("openai", "gpt-4o-mini"));
        settle.Attempts[0].Usage = new();
        settle.AnsweredAttempt = answered;
        settle.Considered.AddRange(Enumerable.Range(0, considered).Select(_ => new Considered { Deployment = deployment }));

        (await RefusalAsync(server.Client.SettleAsync(settle))).ShouldStartWith(message);
    }

    [Fact]
    public async Task A_released_call_says_so()
    {
        var call = await HoldAsync("openai", "gpt-4o-mini");
        await server.Client.ReleaseAsync(new()
        {
            RequestId = call.RequestId,
            Attempts = { new Attempt { Candidate = call.Candidates[0], Outcome = "provider_error", Status = 500 } },
            Considered = { new Considered { Deployment = "two", RuledOut = "failing" } },
        });

        var told = await Client.GetGenerationAsync(new() { RequestId = call.RequestId });

        (told.State, told.Attempts.Single().Status).ShouldBe(("released", 500));
        told.ClosedAt.ShouldNotBeNull();
        told.Considered.ShouldHaveSingleItem().RuledOut.ShouldBe("failing");
    }

    [Fact]
    public async Task Older_transactions_go_on_where_the_page_ended_whatever_is_added()
    {
        var account = server.NewAccount();
        for (var booked = 1; booked <= 5; booked++)
        {
            await Client.TopUpAsync(new() { AccountId = account, AmountNanoUsd = booked, Terms = Terms() });
        }

        var first = await server.Client.ListTransactionsAsync(new() { AccountId = account, Limit = 2 });
        await Client.TopUpAsync(new() { AccountId = account, AmountNanoUsd = 6, Terms = Terms() });
        var second = await Client.ListOlderTransactionsAsync(new() { AccountId = account, Limit = 2, Before = first.Transactions[^1].Id });
        var third = await Client.ListOlderTransactionsAsync(new() { AccountId = account, Limit = 2, Before = second.Transactions[^1].Id });

        first.Transactions.Concat(second.Transactions).Concat(third.Transactions).Select(transaction => transaction.AmountNanoUsd)
            .ShouldBe([5, 4, 3, 2, 1, 100 * Dollar]);
        (second.More, third.More).ShouldBe((true, false));
        (await Client.ListOlderTransactionsAsync(new() { AccountId = account, Limit = 100, Before = "txn_1" })).ShouldBe(new());
    }

    [Fact]
    public async Task A_verification_counts_what_it_saw()
    {
        await Client.TopUpAsync(new() { AccountId = server.NewAccount(), AmountNanoUsd = 1, Terms = Terms() });

        var verified = await Client.VerifyAsync(new());

        verified.Differences.ShouldBeEmpty();
        verified.Checks.Select(check => check.Name).ShouldBe(
            ["balance", "posting", "entry", "running", "held", "charge", "provider_cost", "settled", "booking", "cache_hit", "usage", "window"]);
        verified.Checks[1].Examined.ShouldBeGreaterThan(1);
        verified.VerifiedAt.ShouldNotBeNull();
    }

    [Theory]
    [InlineData("account_id")]
    [InlineData("amount", 0L)]
    [InlineData("amount", -1L)]
    [InlineData("amount", 1_000_000_000_000_000_001L)]
    [InlineData("amount", long.MinValue)]
    [InlineData("terms")]
    [InlineData("actor")]
    [InlineData("actor.masked_key")]
    [InlineData("note")]
    [InlineData("idempotency_key")]
    public async Task What_cannot_be_is_refused_by_its_field_and_books_nothing(string field, long amount = 1)
    {
        var account = server.NewAccount();
        var request = new TopUpRequest { AccountId = account, AmountNanoUsd = amount, Terms = Terms() };
        switch (field)
        {
            case "account_id":
                request.AccountId = "a/b";
                break;
            case "terms":
                request.Terms = null;
                break;
            case "actor":
                request.Terms.Actor = null;
                break;
            case "actor.masked_key":
                request.Terms.Actor.MaskedKey = "a\nb";
                break;
            case "note":
                request.Terms.Note = new string('n', 501);
                break;
            case "idempotency_key":
                request.Terms.IdempotencyKey = "kéy";
                break;
        }

        (await RefusalAsync(Client.TopUpAsync(request))).ShouldStartWith($"{field}: ");
        (await server.CountAsync($"select count(*) from billing.accounts where id = '{account}'")).ShouldBe(0);
    }

    [Fact]
    public async Task Bounds_are_within_and_what_is_beside_them_is_not()
    {
        var request = new TopUpRequest { AccountId = server.NewAccount(), AmountNanoUsd = 1_000_000_000_000_000_000, Terms = Terms(new string('~', 255), new string('n', 500)) };
        var adjust = new AdjustRequest { AccountId = request.AccountId, AmountNanoUsd = -1_000_000_000_000_000_000, Terms = Terms(note: "back") };

        (await Client.TopUpAsync(request)).Booking.ShouldNotBeNull();
        (await Client.AdjustAsync(adjust)).Booking.BalanceAfterNanoUsd.ShouldBe(100 * Dollar);
        request.Terms.IdempotencyKey += "~";
        (await RefusalAsync(Client.TopUpAsync(request))).ShouldStartWith("idempotency_key: ");
        adjust.AmountNanoUsd--;
        (await RefusalAsync(Client.AdjustAsync(adjust))).ShouldStartWith("amount: ");
        adjust.AmountNanoUsd = 0;
        (await RefusalAsync(Client.AdjustAsync(adjust))).ShouldStartWith("amount: ");
        (adjust.AmountNanoUsd, adjust.Terms.Note) = (1, "");
        (await RefusalAsync(Client.AdjustAsync(adjust))).ShouldStartWith("note: ");
        (await RefusalAsync(Client.RefundAsync(new() { RequestId = "req_1", Terms = Terms() }))).ShouldStartWith("request_id: ");
        (await RefusalAsync(Client.RefundAsync(new() { RequestId = BillingSystem.NewRequest(), AmountNanoUsd = 0, Terms = Terms() }))).ShouldStartWith("amount: ");
        (await RefusalAsync(Client.ListOlderTransactionsAsync(new() { AccountId = "a", Limit = 1, Before = "txn_x" }))).ShouldStartWith("before: ");
    }

    private static BookingTerms Terms(string key = "", string note = "") => new() { Actor = Admin.Clone(), IdempotencyKey = key, Note = note };

    private async Task<HoldRequest> HoldAsync(string provider, string model)
    {
        var request = new HoldRequest
        {
            RequestId = BillingSystem.NewRequest(),
            AccountId = server.NewAccount(),
            KeyId = "key-7",
            Candidates = { new Candidate { Deployment = "one", Provider = provider, Model = model } },
            PromptTokens = 1000,
            OutputTokens = 1000,
            MinOutputTokens = 1000,
        };
        (await server.Client.HoldAsync(request)).Hold.ShouldNotBeNull();
        return request;
    }

    private async Task<SettleReply> SettleAsync(HoldRequest call) => await server.Client.SettleAsync(Settlement(call));

    private static SettleRequest Settlement(HoldRequest call) => new()
    {
        RequestId = call.RequestId,
        ServedBy = call.Candidates[0],
        RequestedModel = "mini",
        Usage = new() { InputTokens = 1000, OutputTokens = 1000 },
        Attempts = { new Attempt { Candidate = call.Candidates[0], Outcome = "ok", Status = 200, DurationMs = 800 } },
        Timings = new() { TimeToFirstTokenMs = 100, TotalMs = 900 },
    };

    private static async Task<string> RefusalAsync<T>(AsyncUnaryCall<T> call)
    {
        var refused = await Should.ThrowAsync<RpcException>(() => call.ResponseAsync);
        refused.StatusCode.ShouldBe(StatusCode.InvalidArgument);
        return refused.Status.Detail;
    }

    private static async Task<StatusCode> StatusAsync<T>(AsyncUnaryCall<T> call) =>
        (await Should.ThrowAsync<RpcException>(() => call.ResponseAsync)).StatusCode;
}

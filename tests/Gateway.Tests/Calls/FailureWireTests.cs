using System.Text.Json;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using LlmGateway.Gateway.Calls;
using LlmGateway.Gateway.OpenAi;
using LlmGateway.Protos.Routing.V1;

namespace LlmGateway.Gateway.Tests.Calls;

public sealed class FailureWireTests
{
    public static TheoryData<CallFailure> EveryFailure => [.. System.Enum.GetValues<CallFailure>().Where(f => f != CallFailure.Unspecified)];

    [Theory]
    [InlineData(CallFailure.ModelNotFound, 404, "invalid_request_error", "model_not_found")]
    [InlineData(CallFailure.InvalidRequest, 400, "invalid_request_error", "invalid_value")]
    [InlineData(CallFailure.InsufficientBalance, 429, "insufficient_quota", "insufficient_balance")]
    [InlineData(CallFailure.TotalLimit, 429, "insufficient_quota", "tariff_exhausted")]
    [InlineData(CallFailure.MonthlyLimit, 429, "insufficient_quota", "monthly_limit_exceeded")]
    [InlineData(CallFailure.DailyLimit, 429, "insufficient_quota", "daily_limit_exceeded")]
    [InlineData(CallFailure.PriceUnknown, 503, "server_error", "price_unknown")]
    [InlineData(CallFailure.BillingUnavailable, 503, "service_unavailable_error", "billing_unavailable")]
    [InlineData(CallFailure.NoAvailableProvider, 503, "upstream_error", "no_available_provider")]
    [InlineData(CallFailure.ProviderUnreachable, 502, "upstream_error", "provider_unreachable")]
    [InlineData(CallFailure.ProviderTimeout, 504, "upstream_error", "provider_timeout")]
    [InlineData(CallFailure.ProviderRateLimited, 429, "rate_limit_error", "provider_rate_limited")]
    [InlineData(CallFailure.ProviderError, 502, "upstream_error", "provider_error")]
    [InlineData(CallFailure.ProviderAuth, 502, "upstream_error", "provider_auth")]
    [InlineData(CallFailure.ProviderRefused, 400, "invalid_request_error", null)]
    public void A_failure_has_its_status_type_and_code(CallFailure failure, int status, string type, string? code)
    {
        var error = FailureWire.From(new Failed { Failure = failure, Message = "What happened." });

        (error.Status, error.Type, error.Code, error.Message).ShouldBe((status, type, code, "What happened."));
    }

    [Theory]
    [InlineData(CallFailure.ProviderRateLimited)]
    [InlineData(CallFailure.NoAvailableProvider)]
    [InlineData(CallFailure.ProviderError)]
    [InlineData(CallFailure.ProviderTimeout)]
    public void A_call_that_spent_its_attempts_is_not_to_be_sent_again(CallFailure failure) =>
        FailureWire.From(new Failed { Failure = failure, BudgetSpent = true }).ShouldRetry.ShouldBe(false);

    [Theory]
    [MemberData(nameof(EveryFailure))]
    public void Every_failure_has_a_form_of_its_own(CallFailure failure) =>
        FailureWire.From(new Failed { Failure = failure }).Code.ShouldNotBe("internal_error");

    [Theory]
    [InlineData(CallFailure.Unspecified)]
    [InlineData((CallFailure)999)]
    public void A_failure_that_is_not_known_here_is_ours(CallFailure failure) =>
        FailureWire.From(new Failed { Failure = failure }).Status.ShouldBe(500);

    [Theory]
    [InlineData(404, 404)]
    [InlineData(413, 413)]
    [InlineData(422, 422)]
    [InlineData(0, 400)]
    [InlineData(200, 400)]
    [InlineData(401, 400)]
    [InlineData(402, 400)]
    [InlineData(403, 400)]
    [InlineData(429, 400)]
    [InlineData(500, 400)]
    public void A_provider_s_refusal_keeps_its_status_where_it_is_about_the_request(int sent, int status)
    {
        var error = FailureWire.From(new Failed { Failure = CallFailure.ProviderRefused, Status = sent, Code = "context_length_exceeded", Param = "messages" });

        (error.Status, error.Code, error.Param).ShouldBe((status, "context_length_exceeded", "messages"));
    }

    [Fact]
    public void A_money_refusal_shows_its_figures_as_decimals_and_tells_clients_not_to_retry()
    {
        var error = FailureWire.From(new Failed
        {
            Failure = CallFailure.InsufficientBalance,
            Balance = new() { RequiredNanoUsd = 1, AvailableNanoUsd = 1_500_000_000, BalanceNanoUsd = 9_223_372_036_854_775_807, HeldNanoUsd = -140_000 },
        });

        error.ShouldRetry.ShouldBe(false);
        Metadata(error).ShouldBe("""{"required":0.000000001,"available":1.5,"balance":9223372036.854775807,"held":-0.00014}""");
    }

    [Fact]
    public void A_limit_of_tokens_shows_its_figures_and_the_wait_is_never_shorter_than_its_window()
    {
        var wait = TimeSpan.FromDays(30.5);
        var error = FailureWire.From(new Failed
        {
            Failure = CallFailure.MonthlyLimit,
            RetryAfterMs = (long)wait.TotalMilliseconds,
            Limit = new()
            {
                Limit = 1_000_000,
                Used = 999_000,
                Held = 1_000,
                ResetsAt = Timestamp.FromDateTimeOffset(new DateTimeOffset(2028, 3, 1, 0, 0, 0, TimeSpan.Zero)),
            },
        });

        (error.ShouldRetry, error.RetryAfter).ShouldBe((false, wait));
        Metadata(error).ShouldBe(
            """{"held":1000,"unit":"tokens","limit":1000000,"used":999000,"resets_at":"2028-03-01T00:00:00Z"}""");
    }

    [Fact]
    public void A_limit_of_money_shows_dollars()
    {
        var error = FailureWire.From(new Failed
        {
            Failure = CallFailure.TotalLimit,
            Limit = new() { InNanoUsd = true, Limit = 2_500_000_000, Used = 1, Held = 140_000, RequiredNanoUsd = 3_000_000_000 },
        });

        error.RetryAfter.ShouldBeNull();
        Metadata(error).ShouldBe("""{"required":3,"held":0.00014,"unit":"usd","limit":2.5,"used":0.000000001}""");
    }

    [Theory]
    [InlineData(CallFailure.InsufficientBalance, 402)]
    [InlineData(CallFailure.TotalLimit, 402)]
    [InlineData(CallFailure.MonthlyLimit, 402)]
    [InlineData(CallFailure.DailyLimit, 402)]
    [InlineData(CallFailure.ProviderRateLimited, 429)]
    public void The_configured_status_is_that_of_refusals_for_want_of_money_or_tokens_only(CallFailure failure, int status)
    {
        var error = FailureWire.From(new Failed { Failure = failure }, quotaStatus: 402);

        (error.Status, error.Outcome).ShouldBe((status, error.Code));
    }

    [Fact]
    public void Without_a_provider_the_reasons_are_shown()
    {
        var failed = new Failed { Failure = CallFailure.NoAvailableProvider };
        failed.RuledOut.Add(new RuledOut { Deployment = "a", Reason = "cooling down" });

        Metadata(FailureWire.From(failed)).ShouldBe("""{"candidates":[{"deployment":"a","reason":"cooling down"}]}""");
    }

    [Fact]
    public void An_error_without_figures_has_the_four_fields_of_OpenAI_and_no_more() =>
        OpenAiErrors.ToJson(new(404, "t", null, "The model 'é' is <unknown>."))
            .ShouldBe("""{"error":{"message":"The model 'é' is <unknown>.","type":"t","param":null,"code":null}}"""u8.ToArray());

    [Theory]
    [InlineData(StatusCode.Unavailable, 503, "no_available_provider")]
    [InlineData(StatusCode.DeadlineExceeded, 504, "provider_timeout")]
    [InlineData(StatusCode.Internal, 500, "internal_error")]
    [InlineData(StatusCode.Unknown, 500, "internal_error")]
    public void Routing_failing_itself_has_a_form_too(StatusCode status, int http, string code)
    {
        var error = FailureWire.From(new RpcException(new Status(status, "secret detail")));

        (error.Status, error.Code).ShouldBe((http, code));
        error.Message.ShouldNotContain("secret");
    }

    private static string Metadata(ApiError error) =>
        JsonDocument.Parse(OpenAiErrors.ToJson(error)).RootElement.GetProperty("error").GetProperty("metadata").GetRawText();
}

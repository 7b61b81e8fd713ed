using System.Net;
using System.Text;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Providers.Anthropic;

namespace LlmGateway.Routing.Tests.Providers.Anthropic;

public sealed class AnthropicErrorsTests
{
    [Theory]
    [InlineData(400, "invalid_request_error", "temperature: Input should be less than or equal to 1", CallFailure.ProviderRefused, "")]
    [InlineData(400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum", CallFailure.ProviderRefused, "context_length_exceeded")]
    [InlineData(400, "invalid_request_error", "input length and `max_tokens` exceed context limit: 190000 + 64000 > 200000", CallFailure.ProviderRefused, "context_length_exceeded")]
    [InlineData(400, "invalid_request_error", "Output blocked by content filtering policy", CallFailure.ProviderRefused, "content_policy_violation")]
    [InlineData(400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API.", CallFailure.NoAvailableProvider, "insufficient_quota")]
    [InlineData(400, "invalid_request_error", "You have reached your specified API usage limits. You will regain access on 2026-12-01.", CallFailure.NoAvailableProvider, "insufficient_quota")]
    [InlineData(400, "invalid_request_error", "This organization has been disabled.", CallFailure.ProviderAuth, "")]
    [InlineData(401, "authentication_error", "invalid x-api-key sk-ant-very-secret", CallFailure.ProviderAuth, "")]
    [InlineData(402, "billing_error", "Payment required", CallFailure.NoAvailableProvider, "insufficient_quota")]
    [InlineData(403, "permission_error", "Your API key does not have permission", CallFailure.ProviderAuth, "")]
    [InlineData(404, "not_found_error", "model: claude-nine", CallFailure.ProviderRefused, "model_not_found")]
    [InlineData(413, "request_too_large", "Request exceeds the maximum size", CallFailure.ProviderRefused, "request_too_large")]
    [InlineData(429, "rate_limit_error", "This request would exceed your organization's rate limit", CallFailure.ProviderRateLimited, "")]
    [InlineData(500, "api_error", "Internal server error", CallFailure.ProviderError, "")]
    [InlineData(504, "timeout_error", "The request timed out", CallFailure.ProviderTimeout, "")]
    [InlineData(529, "overloaded_error", "Overloaded", CallFailure.ProviderError, "")]
    public void A_refusal_means_one_failure_as_an_answer_and_inside_a_stream(int status, string type, string message, CallFailure failure, string code)
    {
        var json = $$$"""{"type":"error","error":{"type":"{{{type}}}","message":"{{{message}}}"},"request_id":"req_1"}""";

        var fault = Classify(status, json);
        var inStream = AnthropicErrors.ClassifyEvent(Encoding.UTF8.GetBytes(json), AnthropicGoldenTests.Deployment("claude-opus-4-8"));

        (fault.Failure, fault.Code, fault.Status).ShouldBe((failure, code, status));
        (inStream.Failure, inStream.Code).ShouldBe((failure, code));
        fault.Message.ShouldNotContain("sk-ant-very-secret");
    }

    [Theory]
    [InlineData(429, "enforced_spend_limit_reached", CallFailure.NoAvailableProvider)]
    [InlineData(429, "contract_spend_limit_reached", CallFailure.NoAvailableProvider)]
    [InlineData(402, "linked_organization_spend_limit_reached", CallFailure.NoAvailableProvider)]
    [InlineData(429, "ramp_limit_exceeded", CallFailure.ProviderRateLimited)]
    [InlineData(400, "organization_on_hold", CallFailure.ProviderAuth)]
    [InlineData(503, "cmek_key_unreachable", CallFailure.ProviderError)]
    public void The_code_in_the_details_tells_more_than_the_status(int status, string code, CallFailure failure) =>
        Classify(status, $$$$"""{"type":"error","error":{"type":"rate_limit_error","message":"x","details":{"error_code":"{{{{code}}}}"}}}""").Failure.ShouldBe(failure);

    [Theory]
    [InlineData(400, "", CallFailure.ProviderRefused)]
    [InlineData(502, "<html><h1>Bad Gateway</h1></html>", CallFailure.ProviderError)]
    [InlineData(429, "[]", CallFailure.ProviderRateLimited)]
    [InlineData(400, """{"error":"no object"}""", CallFailure.ProviderRefused)]
    [InlineData(400, """{"error":{"message":"\ud83d"}}""", CallFailure.ProviderRefused)]
    public void What_is_no_error_of_anthropics_goes_by_its_status(int status, string body, CallFailure failure)
    {
        var fault = Classify(status, body);

        fault.Failure.ShouldBe(failure);
        fault.Message.ShouldNotContain("<html>");
    }

    [Fact]
    public void The_time_to_come_back_is_kept()
    {
        Classify(429, "{}", retryAfter: 7).RetryAfter.ShouldBe(TimeSpan.FromSeconds(7));
        Classify(529, "{}", retryAfter: 3).RetryAfter.ShouldBe(TimeSpan.FromSeconds(3));
    }

    [Fact]
    public void The_providers_words_reach_the_client_without_the_key_and_not_endlessly()
    {
        var fault = Classify(400, $$$"""{"error":{"type":"invalid_request_error","message":"bad sk-ant-very-secret {{{new string('x', 5000)}}}"}}""");

        fault.Message.ShouldStartWith("bad *** x");
        fault.Message.Length.ShouldBe(1000);
    }

    private static CallFault Classify(int status, string body, int retryAfter = 0) => AnthropicErrors.Classify(
        (HttpStatusCode)status, Encoding.UTF8.GetBytes(body), TimeSpan.FromSeconds(retryAfter), AnthropicGoldenTests.Deployment("claude-opus-4-8"));
}

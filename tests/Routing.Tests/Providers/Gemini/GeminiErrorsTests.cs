using System.Net;
using System.Text;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Providers.Gemini;

namespace LlmGateway.Routing.Tests.Providers.Gemini;

public sealed class GeminiErrorsTests
{
    [Theory]
    [InlineData(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", "ErrorInfo\",\"reason\":\"API_KEY_INVALID", CallFailure.ProviderAuth, "")]
    [InlineData(403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers.", "", CallFailure.ProviderAuth, "")]
    [InlineData(400, "FAILED_PRECONDITION", "User location is not supported for the API use.", "", CallFailure.ProviderAuth, "")]
    [InlineData(400, "INVALID_ARGUMENT", "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", "", CallFailure.ProviderRefused, "context_length_exceeded")]
    [InlineData(400, "INVALID_ARGUMENT", "The prompt was blocked.", "", CallFailure.ProviderRefused, "content_policy_violation")]
    [InlineData(400, "INVALID_ARGUMENT", "Invalid JSON payload received. Unknown name \"x\".", "", CallFailure.ProviderRefused, "")]
    [InlineData(404, "NOT_FOUND", "models/x is not found for API version v1beta.", "", CallFailure.ProviderRefused, "model_not_found")]
    [InlineData(402, "", "", "", CallFailure.NoAvailableProvider, "insufficient_quota")]
    [InlineData(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.", "RetryInfo\",\"retryDelay\":\"3.5s", CallFailure.ProviderRateLimited, "")]
    [InlineData(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.", "QuotaFailure\",\"violations\":[{\"quotaId\":\"GenerateRequestsPerDayPerProjectPerModel-FreeTier\"}],\"x\":\"", CallFailure.NoAvailableProvider, "insufficient_quota")]
    [InlineData(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.", "QuotaFailure\",\"violations\":[{\"quotaId\":\"GenerateRequestsPerMinutePerProjectPerModel\"}],\"x\":\"", CallFailure.ProviderRateLimited, "")]
    [InlineData(503, "UNAVAILABLE", "The model is overloaded.", "", CallFailure.ProviderError, "")]
    [InlineData(504, "DEADLINE_EXCEEDED", "Deadline expired.", "", CallFailure.ProviderTimeout, "")]
    [InlineData(500, "INTERNAL", "An internal error has occurred.", "", CallFailure.ProviderError, "")]
    public void A_refusal_means_what_its_details_say(int status, string name, string message, string detail, CallFailure failure, string code)
    {
        var details = detail.Length == 0 ? "" : $$"""{"@type":"type.googleapis.com/google.rpc.{{detail}}"}""";
        var body = $$$"""{"error":{"code":{{{status}}},"message":"{{{message.Replace("\"", "\\\"", StringComparison.Ordinal)}}}","status":"{{{name}}}","details":[{{{details}}}]}}""";

        var fault = GeminiErrors.Classify((HttpStatusCode)status, Encoding.UTF8.GetBytes(body), TimeSpan.Zero, GeminiStream.Deployment);

        (fault.Failure, fault.Code, fault.Status).ShouldBe((failure, code, status));
        fault.RetryAfter.ShouldBe(detail.StartsWith("RetryInfo", StringComparison.Ordinal) ? TimeSpan.FromSeconds(3.5) : TimeSpan.Zero);
        (fault.Message == message).ShouldBe(failure == CallFailure.ProviderRefused);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>Bad gateway</html>")]
    [InlineData("""{"error":null}""")]
    [InlineData("""[{"error":[]}]""")]
    [InlineData("""{"error":{"code":"x","message":7,"details":[1,{"@type":3},{"@type":"google.rpc.RetryInfo","retryDelay":"-s"}]}}""")]
    public void A_body_that_is_none_of_Googles_leaves_the_status_to_speak(string body)
    {
        GeminiErrors.Classify(HttpStatusCode.BadGateway, Encoding.UTF8.GetBytes(body), TimeSpan.Zero, GeminiStream.Deployment)
            .Failure.ShouldBe(CallFailure.ProviderError);
        GeminiErrors.Classify(HttpStatusCode.TooManyRequests, Encoding.UTF8.GetBytes(body), TimeSpan.FromSeconds(9), GeminiStream.Deployment)
            .RetryAfter.ShouldBe(TimeSpan.FromSeconds(9));
    }

    [Fact]
    public void A_key_that_is_quoted_back_does_not_reach_the_client()
    {
        var deployment = GeminiStream.Deployment with { Key = new ProviderKey("AIza-secret-of-ours") };
        var body = Encoding.UTF8.GetBytes("""{"error":{"message":"Consumer 'api_key:AIza-secret-of-ours' sent a bad request.","status":"INVALID_ARGUMENT"}}""");

        GeminiErrors.Classify(HttpStatusCode.BadRequest, body, TimeSpan.Zero, deployment).Message.ShouldBe("Consumer 'api_key:***' sent a bad request.");
    }
}

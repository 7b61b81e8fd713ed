using System.Net;
using System.Text;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Providers.OpenAi;

namespace LlmGateway.Routing.Tests.Providers;

public sealed class OpenAiErrorsTests
{
    private static readonly Deployment Provider = new()
    {
        Id = "openai/gpt-4o",
        ModelName = "gpt-4o",
        Provider = "openai",
        UpstreamModel = "gpt-4o",
        Adapter = "openai",
        Key = new ProviderKey("sk-very-secret"),
    };

    [Theory]
    [InlineData(401, """{"error":{"message":"Incorrect API key provided: sk-very-secret","code":"invalid_api_key"}}""", CallFailure.ProviderAuth)]
    [InlineData(403, "{}", CallFailure.ProviderAuth)]
    [InlineData(402, "{}", CallFailure.NoAvailableProvider)]
    [InlineData(429, """{"error":{"message":"quota","type":"insufficient_quota","code":"insufficient_quota"}}""", CallFailure.NoAvailableProvider)]
    [InlineData(429, """{"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}}""", CallFailure.ProviderRateLimited)]
    [InlineData(429, "<html>", CallFailure.ProviderRateLimited)]
    [InlineData(408, "", CallFailure.ProviderTimeout)]
    [InlineData(500, """{"error":{"message":"secret stack trace"}}""", CallFailure.ProviderError)]
    [InlineData(502, "<html><h1>502 Bad Gateway</h1></html>", CallFailure.ProviderError)]
    [InlineData(301, "", CallFailure.ProviderError)]
    [InlineData(400, """{"error":{"message":"bad","param":"temperature","code":"invalid_value"}}""", CallFailure.ProviderRefused)]
    [InlineData(404, """{"error":{"message":"no model","code":"model_not_found"}}""", CallFailure.ProviderRefused)]
    [InlineData(413, "too big", CallFailure.ProviderRefused)]
    [InlineData(422, """{"detail":"field required"}""", CallFailure.ProviderRefused)]
    public void A_status_means_one_failure(int status, string body, CallFailure failure)
    {
        var fault = Classify(status, body);

        fault.Failure.ShouldBe(failure);
        fault.Message.ShouldNotContain("<html>");
        fault.Message.ShouldNotContain("stack trace");
        fault.Message.ShouldNotContain("sk-very-secret");
    }

    [Theory]
    [InlineData("""{"error":{"message":"This model's maximum context length is 4097 tokens","code":null}}""", "context_length_exceeded")]
    [InlineData("""{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error","n_ctx":4096}}""", "context_length_exceeded")]
    [InlineData("""{"object":"error","message":"prompt is too long: 9 tokens > 8 maximum","type":"BadRequestError","code":400}""", "context_length_exceeded")]
    [InlineData("""{"error":{"message":"filtered","code":"content_filter"}}""", "content_policy_violation")]
    [InlineData("""{"error":{"message":"bad","code":"unsupported_parameter","param":"logit_bias"}}""", "unsupported_parameter")]
    [InlineData("""{"error":"model 'x' not found"}""", "")]
    [InlineData("not json", "")]
    public void A_refusals_code_is_the_one_that_clients_know(string body, string code) => Classify(400, body).Code.ShouldBe(code);

    [Fact]
    public void A_refusal_carries_the_providers_words_status_and_field()
    {
        var fault = Classify(400, """{"error":{"message":"Invalid 'temperature' for key sk-very-secret","param":"temperature","code":"invalid_value"}}""");

        fault.Message.ShouldBe("Invalid 'temperature' for key ***");
        (fault.Param, fault.Code, fault.Status).ShouldBe(("temperature", "invalid_value", 400));
    }

    [Fact]
    public void Neither_message_nor_field_nor_code_of_a_refusal_holds_the_key_or_is_endless()
    {
        var text = "x-sk-very-secret-" + new string('x', 5000);

        var fault = Classify(400, $$$"""{"error":{"message":"{{{text}}}","param":"{{{text}}}","code":"{{{text}}}"}}""");

        new[] { fault.Message, fault.Param, fault.Code }.ShouldAllBe(part => part.StartsWith("x-***-x"));
        (fault.Message.Length, fault.Param.Length, fault.Code.Length).ShouldBe((1000, 128, 128));
    }

    [Fact]
    public void Only_failures_of_the_place_move_on_to_another_place()
    {
        Classify(500, "").MayFailOver.ShouldBeTrue();
        Classify(401, "").MayFailOver.ShouldBeTrue();
        Classify(429, "").MayFailOver.ShouldBeTrue();
        Classify(404, "").MayFailOver.ShouldBeTrue();
        Classify(400, "").MayFailOver.ShouldBeFalse();
        Classify(422, "").MayFailOver.ShouldBeFalse();
    }

    private static CallFault Classify(int status, string body) =>
        OpenAiErrors.Classify((HttpStatusCode)status, Encoding.UTF8.GetBytes(body), TimeSpan.Zero, Provider);
}

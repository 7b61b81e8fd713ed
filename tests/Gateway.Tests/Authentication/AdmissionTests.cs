using System.Net;
using LlmGateway.Gateway.Tests.Hosting;

namespace LlmGateway.Gateway.Tests.Authentication;

[Collection(GatewayCollection.Name)]
public sealed class AdmissionTests(GatewayHost gateway)
{
    [Theory]
    [InlineData(null)]
    [InlineData("Basic dXNlcjpwYXNz")]
    [InlineData("Bearer ")]
    [InlineData("sk-without-a-scheme")]
    public async Task Without_a_usable_key_the_answer_is_401(string? authorization)
    {
        using var client = gateway.Client(key: null);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        request.Headers.TryAddWithoutValidation("Authorization", authorization);

        using var response = await client.SendAsync(request);

        var error = await ErrorAnswer.ReadAsync(response);
        (error.Status, error.Type, error.Code).ShouldBe((HttpStatusCode.Unauthorized, "invalid_request_error", "missing_api_key"));
        response.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer");
    }

    [Fact]
    public async Task A_key_over_512_characters_is_401()
    {
        using var client = gateway.Client($"sk-{new string('x', 510)}");

        using var response = await client.GetAsync("/v1/models");

        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("sk-nobody-knows")]
    [InlineData("a.b.c")]
    public async Task While_nobody_can_judge_a_key_the_answer_is_503_and_never_that_it_is_wrong(string key)
    {
        using var client = gateway.Client(key);

        using var response = await client.GetAsync("/v1/models");

        var error = await ErrorAnswer.ReadAsync(response);
        (error.Status, error.Type, error.Code)
            .ShouldBe((HttpStatusCode.ServiceUnavailable, "service_unavailable_error", "keys_unavailable"));
        response.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task No_log_line_has_a_key()
    {
        using var client = gateway.Client("sk-must-not-be-logged");

        using var response = await client.GetAsync("/v1/models");

        gateway.Log.All.ShouldNotContain(line => line.Text.Contains("sk-must-not-be-logged") || line.Text.Contains(GatewayHost.Key));
    }
}

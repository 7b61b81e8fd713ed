using System.Net;
using System.Text;
using LlmGateway.Gateway.Tests.Hosting;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Tests.Admin;

/// <summary>/admin/deployments and /health/circuit-breakers, with no Routing.Service behind them: who is let through gets 503.</summary>
[Collection(GatewayCollection.Name)]
public sealed class DeploymentTests(GatewayHost gateway)
{
    private const string Cooldown = "/admin/deployments/openai%2Fgpt-4o/cooldown";

    [Theory]
    [InlineData("{}", "missing_required_parameter", "seconds")]
    [InlineData("""{"seconds":0}""", "invalid_value", "seconds")]
    [InlineData("""{"seconds":99999999999}""", "invalid_value", "seconds")]
    [InlineData("""{"seconds":1.5}""", "invalid_value", "seconds")]
    [InlineData("""{"seconds":5,"reason":7}""", "invalid_value", "reason")]
    [InlineData("""{"seconds":5,"until":"noon"}""", "invalid_value", "until")]
    public async Task A_cooldown_that_cannot_be_is_refused_by_its_field(string body, string code, string param)
    {
        using var client = gateway.ClientOf(Role.Administrator);
        using var response = await client.PostAsync(Cooldown, new StringContent(body, Encoding.UTF8, "application/json"));

        var error = await ErrorAnswer.ReadAsync(response);
        (response.StatusCode, error.Code, error.Param).ShouldBe((HttpStatusCode.BadRequest, code, param));
    }

    [Theory]
    [InlineData(Role.Account, HttpStatusCode.Forbidden)]
    [InlineData(Role.Operator, HttpStatusCode.ServiceUnavailable)]
    [InlineData(Role.Internal, HttpStatusCode.ServiceUnavailable)]
    [InlineData(Role.Administrator, HttpStatusCode.ServiceUnavailable)]
    public async Task In_production_the_breakers_are_for_those_who_run_the_system(Role role, HttpStatusCode status)
    {
        using var client = gateway.ClientOf(role);
        using var response = await client.GetAsync("/health/circuit-breakers");

        response.StatusCode.ShouldBe(status);
    }

    [Fact]
    public async Task A_silent_Routing_is_told_as_such()
    {
        using var client = gateway.ClientOf(Role.Operator);
        using var response = await client.GetAsync("/admin/deployments");

        (response.StatusCode, (await ErrorAnswer.ReadAsync(response)).Code).ShouldBe((HttpStatusCode.ServiceUnavailable, "no_available_provider"));
    }
}

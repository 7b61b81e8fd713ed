using System.Text.Json.Serialization;
using Grpc.Core;
using LlmGateway.Gateway.Calls;
using LlmGateway.Gateway.OpenAi;
using LlmGateway.Protos.Routing.V1;

namespace LlmGateway.Gateway.Health;

/// <summary>GET /health/circuit-breakers: each deployment's breaker, as the Routing.Service that was asked sees it.</summary>
internal static class CircuitBreakers
{
    public static async Task GetAsync(HttpContext context, DeploymentsApi.DeploymentsApiClient deployments)
    {
        context.Response.Headers.CacheControl = "no-store";
        try
        {
            var reply = await deployments.ListDeploymentsAsync(new(), cancellationToken: context.RequestAborted);
            var breakers = reply.Deployments.ToDictionary(
                deployment => deployment.Id,
                deployment => new CircuitBreaker(
                    deployment.State, deployment.Reason.Length > 0 ? deployment.Reason : null, deployment.Until?.ToDateTime(), deployment.Failures));
            await context.WriteJsonAsync(new CircuitBreakersBody(breakers), CircuitBreakersJson.Wire.CircuitBreakersBody);
        }
        catch (RpcException) when (!context.RequestAborted.IsCancellationRequested)
        {
            await OpenAiErrors.WriteAsync(context, ApiErrors.RoutingUnavailable);
        }
    }
}

/// <param name="CircuitBreakers">By the deployment's id.</param>
internal sealed record CircuitBreakersBody(IReadOnlyDictionary<string, CircuitBreaker> CircuitBreakers);

/// <param name="State">closed, open or half_open.</param>
/// <param name="Reason">Why it is not closed.</param>
/// <param name="Until">Of state open.</param>
/// <param name="Failures">Among the last calls.</param>
internal sealed record CircuitBreaker(string State, string? Reason, DateTime? Until, int Failures);

[JsonSerializable(typeof(CircuitBreakersBody))]
internal sealed partial class CircuitBreakersJson : JsonSerializerContext
{
    public static CircuitBreakersJson Wire { get; } = new(new System.Text.Json.JsonSerializerOptions(JsonAnswer.Options));
}

using LlmGateway.ServiceDefaults;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using StackExchange.Redis;

namespace LlmGateway.Gateway.Health;

/// <summary>Without Redis the gateway goes on: degraded, and still ready.</summary>
internal sealed class RedisCheck(IServiceProvider services) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            if (services.GetService<IConnectionMultiplexer>() is not { } redis)
            {
                return HealthEndpoints.Disabled("Nothing is kept there.");
            }

            if (!redis.IsConnected)
            {
                return new(context.Registration.FailureStatus, "Not connected.");
            }

            await redis.GetDatabase().PingAsync().WaitAsync(Patience, cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException or InvalidOperationException)
        {
            return new(context.Registration.FailureStatus, "Does not answer.");
        }
    }
}

using Microsoft.Extensions.Hosting;

namespace LlmGateway.AppHost;

/// <summary>Says how to use the system, once the gateway is ready. A key that the operator configured is not printed.</summary>
internal sealed class FirstCall(AppHostSettings settings, EndpointReference gateway, ResourceNotificationService notifications) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await notifications.WaitForResourceHealthyAsync("gateway", stoppingToken);
        }
        catch (DistributedApplicationException)
        {
            // It did not come up, and whoever reports that says more.
            return;
        }

        if (settings.Keys is { } keys)
        {
            var key = keys.File is null ? "$KEY" : keys.Value;
            Console.Out.WriteLine($$"""

                LlmGateway answers at {{gateway.Url}}
                  key            {{(keys.File is null ? "as configured in ALLOWED_API_KEYS" : key)}}
                  administrator  {{settings.Administrator?.File ?? "as configured in ADMIN_API_KEY"}}

                Try it:

                curl {{gateway.Url}}/v1/chat/completions -H "Authorization: Bearer {{key}}" -H "Content-Type: application/json" -d '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Hello!"}]}'

                """);
        }
    }
}

using LlmGateway.Protos.Billing.V1;
using LlmGateway.Routing.Streaming;
using LlmGateway.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace LlmGateway.Routing.Calls;

internal static class CallRegistration
{
    public static void AddCalls(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<CallOptions>().BindConfiguration("Calls").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<CallOptions>, CallOptionsValidator>();
        builder.Services.AddOptions<DisconnectOptions>().BindConfiguration("Disconnect").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<DisconnectOptions>, DisconnectOptionsValidator>();
        builder.Services.AddOptions<RetryOptions>().BindConfiguration(RetryOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<RetryOptions>, RetryOptionsValidator>();
        builder.Services.AddOptions<HedgingOptions>().BindConfiguration(HedgingOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddOptions<BillingOptions>().BindConfiguration("Billing").ValidateDataAnnotations().ValidateOnStart();
        builder.AddGrpcServiceClient<BillingApi.BillingApiClient>("billing");
        builder.Services.AddSingleton<BillingWatch>();
        builder.Services.AddHostedService(services => services.GetRequiredService<BillingWatch>());
        builder.Services.AddSingleton<HoldRenewer>();
        builder.Services.AddHostedService(services => services.GetRequiredService<HoldRenewer>());
        builder.Services.AddSingleton<SettlementCall>();
        builder.Services.AddSingleton<HoldReturner>();
        builder.Services.AddHostedService(services => services.GetRequiredService<HoldReturner>());
        builder.Services.AddSingleton<SettlementDesk>();
        builder.Services.AddSingleton<Answers>();
        builder.Services.AddSingleton<Drains>();
#pragma warning disable RS0030 // Random.Shared is the thread-safe one; classes take Random, and tests give them a seeded one.
        builder.Services.AddSingleton(services => new Backoff(services.GetRequiredService<IOptions<RetryOptions>>(), Random.Shared));
#pragma warning restore RS0030
        builder.Services.AddSingleton<Hedges>();
        builder.Services.AddSingleton<Visits>();
        builder.Services.AddSingleton<AttemptLoop>();
        builder.Services.AddSingleton<CallRunner>();
        builder.Services.AddSingleton<Explainer>();
    }
}

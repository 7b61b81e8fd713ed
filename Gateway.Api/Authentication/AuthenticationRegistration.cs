using LlmGateway.Protos.Keys.V1;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Authentication;

internal static class AuthenticationRegistration
{
    /// <summary>Every route needs a key unless it says otherwise: a route that forgets to ask is closed, not open.</summary>
    public static void AddKeyAuthentication(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<AuthOptions>().BindConfiguration(AuthOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IValidateOptions<AuthOptions>, AuthOptionsValidator>();
        services.AddSingleton<KeyDirectoryMetrics>();
        services.AddSingleton(provider => new UseLog(provider.GetRequiredService<IOptions<AuthOptions>>().Value.RememberedKeys));
        services.AddSingleton<KeyDirectory>();
        services.AddSingleton<ModelAccess>();
        services.AddSingleton<AuthenticationLog>();
#pragma warning disable RS0030 // Random.Shared is the thread-safe one; the watcher takes Random, and tests give it a seeded one.
        services.AddHostedService(provider => ActivatorUtilities.CreateInstance<RevocationWatcher>(provider, Random.Shared));
#pragma warning restore RS0030
        services.AddHostedService<UseReporter>();

        // The framework has two lines for each request that is refused, which whoever guesses keys would fill the disk with.
        builder.Logging.AddFilter(typeof(KeyAuthenticationHandler).FullName, LogLevel.Warning);
        services.AddAuthentication(KeyAuthenticationHandler.Scheme)
            .AddScheme<AuthenticationSchemeOptions, KeyAuthenticationHandler>(KeyAuthenticationHandler.Scheme, configureOptions: null);
        services.AddAuthorizationBuilder()
            .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build())
            .AddPolicy(Policies.Admin, Policies.Of(Role.Administrator))
            .AddPolicy(Policies.AdminRead, Policies.Of(Role.Administrator, Role.Operator))
            .AddPolicy(Policies.HealthDetails, Policies.Of(Role.Administrator, Role.Operator, Role.Internal));
    }
}

using Microsoft.Extensions.Options;

namespace LlmGateway.Keys.Tokens;

internal static class TokensRegistration
{
    private const int MaxKeySetBytes = 256 * 1024;

    public static void AddTokens(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<TokenOptions>().BindConfiguration("Auth:Jwt").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<TokenOptions>, TokenOptionsValidator>();
        builder.Services.AddOptions<WrappingOptions>().BindConfiguration("Keys").ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<WrappingOptions>, WrappingOptionsValidator>();
        builder.Services.AddSingleton<SigningKeys>();
        builder.Services.AddHostedService(services => services.GetRequiredService<SigningKeys>());
        builder.Services.AddSingleton<IssuedTokens>();
        builder.Services.AddSingleton<TokenVerifier>();
        builder.Services.AddSingleton<TokenAccounts>();

        // A redirect could lead anywhere, plain http included.
        builder.Services.AddHttpClient(nameof(IssuerKeys), http => (http.Timeout, http.MaxResponseContentBufferSize) = (TimeSpan.FromSeconds(5), MaxKeySetBytes))
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { AllowAutoRedirect = false });
        builder.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<IssuerKeys>(
            services, services.GetRequiredService<IHttpClientFactory>().CreateClient(nameof(IssuerKeys))));
    }
}

namespace LlmGateway.Keys.Verification;

internal static class VerificationRegistration
{
    public static void AddVerification(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<KeyVerifier>();
        builder.Services.AddHostedService<VerificationWarmUp>();
    }
}

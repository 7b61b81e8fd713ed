using LlmGateway.Keys.ApiKeys;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Keys.Verification;

/// <summary>Verifies once before the port opens: the first query costs 100 times the second, and nobody's request should be it.</summary>
internal sealed class VerificationWarmUp(KeyVerifier verifier) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) =>
        verifier.VerifyAsync([new PresentedSecret { Secret = KeySecret.Generate().Reveal() }], cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Health;

/// <summary>Leave to make one call to a deployment. What became of it is told once it is known; nothing told changes nothing.</summary>
/// <param name="health">The deployment's.</param>
/// <param name="deployment">With the key that this call uses.</param>
/// <param name="isProbe">The breaker waits for how this one ends.</param>
internal sealed class Visit(DeploymentHealth health, Deployment deployment, bool isProbe) : IDisposable
{
    private bool _left;

    public Deployment Deployment => deployment;

    /// <summary>The first content is there, or the whole plain answer.</summary>
    public void Answered() => health.Answered(isProbe);

    public void Failed(CallFault fault)
    {
        switch (fault)
        {
            // It understood the request well enough to find fault with it. A 404 says nothing about other models' calls.
            case { Failure: CallFailure.ProviderRefused }:
                if (fault.Status != 404)
                {
                    health.Answered(isProbe);
                }

                break;
            case { IsOfRescue: true }:
                health.Answered(isProbe);
                break;
            // The mock fails where a client's prompt tells it to.
            case { MayFailOver: true, IsUnsupported: false } when deployment.Adapter != ProviderName.Mock:
                health.Failed(deployment, fault);
                break;
        }
    }

    public void Dispose()
    {
        if (!_left)
        {
            _left = true;
            health.Leave(isProbe);
        }
    }
}

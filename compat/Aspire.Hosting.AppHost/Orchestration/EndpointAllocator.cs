using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.State;

namespace Aspire.Hosting.Orchestration;

/// <summary>
/// Gives every endpoint its port. There is no proxy: the process listens on the port that others are told.
/// </summary>
internal static class EndpointAllocator
{
    public static void Allocate(IEnumerable<IResource> resources, bool ignoreFixedPorts)
    {
        foreach (var resource in resources)
        {
            foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>().ToList())
            {
                endpoint.Allocate(FixedPort(resource, endpoint, ignoreFixedPorts) ?? FreePorts.Next());
            }
        }
    }

    /// <summary>The port of an endpoint that must have this one and no other.</summary>
    public static int? FixedPort(IResource resource, EndpointAnnotation endpoint, bool ignoreFixedPorts)
    {
        // A program that cannot be told its port listens on the target port, whatever we say.
        var canBeTold = resource is not ExecutableResource || endpoint.PortVariable is not null;
        if (!canBeTold && endpoint.TargetPort is { } target)
        {
            return target;
        }

        // Ports from a service's own files are kept only where people type them in, so that two clones can run side by side.
        var wanted = endpoint is { PortIsSuggestion: true, IsExternal: false } ? null : endpoint.Port;
        return ignoreFixedPorts ? null : wanted ?? endpoint.TargetPort;
    }
}

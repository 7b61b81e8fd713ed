namespace Grpc.AspNetCore.ClientFactory;

public class GrpcContextPropagationOptions
{
    /// <summary>Outside a gRPC call the client works without a context instead of throwing.</summary>
    public bool SuppressContextNotFoundErrors { get; set; }

    /// <summary>Links the token of the call that is being served.</summary>
    public bool PropagateCancellation { get; set; } = true;

    /// <summary>Takes the deadline of the call that is being served, when it is the earlier one.</summary>
    public bool PropagateDeadline { get; set; } = true;
}

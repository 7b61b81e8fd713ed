namespace Grpc.AspNetCore.Server;

// Present when AddGrpc was called, so that MapGrpcService can say what is missing; remembers what the application has once.
internal sealed class GrpcMarker
{
    private bool _hasFallback;

    public bool TryTakeFallback() => !Interlocked.Exchange(ref _hasFallback, true);
}

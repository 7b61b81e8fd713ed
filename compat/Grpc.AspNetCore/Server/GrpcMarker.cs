namespace Grpc.AspNetCore.Server;

// Present when AddGrpc was called, so that MapGrpcService can say what is missing.
internal sealed class GrpcMarker;

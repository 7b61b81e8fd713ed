namespace Grpc.Wire;

internal static class ContentTypes
{
    public const string Grpc = "application/grpc";

    // "application/grpc", "application/grpc+proto", "application/grpc;x=y"; not "application/grpcfoo", not "application/grpc-web".
    public static bool IsGrpc(string? contentType) =>
        contentType is not null &&
        contentType.StartsWith(Grpc, StringComparison.OrdinalIgnoreCase) &&
        (contentType.Length == Grpc.Length || contentType[Grpc.Length] is '+' or ';' or ' ');
}

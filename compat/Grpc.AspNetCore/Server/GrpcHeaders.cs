namespace Grpc.AspNetCore.Server;

internal static class GrpcHeaders
{
    public const string ContentType = "application/grpc";

    // "application/grpc", "application/grpc+proto", "application/grpc;x=y"; not "application/grpcfoo", not "application/grpc-web".
    public static bool IsGrpc(string? contentType) =>
        contentType is not null &&
        contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase) &&
        (contentType.Length == ContentType.Length || contentType[ContentType.Length] is '+' or ';' or ' ');
}

using System.IO.Compression;
using Grpc.Wire;

namespace Grpc.AspNetCore.Server;

// The options of one service: its own where set, else those of all services. Interceptors add up.
internal sealed class MethodOptions
{
    public int? MaxReceiveMessageSize { get; private init; }

    public int? MaxSendMessageSize { get; private init; }

    public bool EnableDetailedErrors { get; private init; }

    public bool Compresses { get; private init; }

    public CompressionLevel CompressionLevel { get; private init; }

    public bool IgnoreUnknownMethods { get; private init; }

    public IReadOnlyList<InterceptorRegistration> Interceptors { get; private init; } = [];

    public static MethodOptions Create(GrpcServiceOptions all, GrpcServiceOptions service)
    {
        var compression = service.ResponseCompressionAlgorithm ?? all.ResponseCompressionAlgorithm;
        if (compression is not (null or "identity" or Gzip.Name))
        {
            throw new InvalidOperationException($"The configured response compression algorithm '{compression}' does not have a matching compression provider.");
        }

        return new MethodOptions
        {
            MaxReceiveMessageSize = (service.MaxReceiveMessageSizeSpecified ? service : all).MaxReceiveMessageSize,
            MaxSendMessageSize = (service.MaxSendMessageSizeSpecified ? service : all).MaxSendMessageSize,
            EnableDetailedErrors = service.EnableDetailedErrors ?? all.EnableDetailedErrors ?? false,
            Compresses = compression == Gzip.Name,
            CompressionLevel = service.ResponseCompressionLevel ?? all.ResponseCompressionLevel ?? CompressionLevel.Fastest,
            IgnoreUnknownMethods = service.IgnoreUnknownServices ?? all.IgnoreUnknownServices ?? false,
            Interceptors = [.. all.Interceptors, .. service.Interceptors],
        };
    }
}

using System.IO.Compression;

namespace Grpc.AspNetCore.Server;

public class GrpcServiceOptions
{
    internal const int DefaultReceiveMaxMessageSize = 4 * 1024 * 1024;

    private int? _maxReceiveMessageSize;
    private int? _maxSendMessageSize;

    /// <summary>Bytes; null is unlimited. Unless set, 4 MiB.</summary>
    public int? MaxReceiveMessageSize
    {
        get => MaxReceiveMessageSizeSpecified ? _maxReceiveMessageSize : DefaultReceiveMaxMessageSize;
        set
        {
            _maxReceiveMessageSize = value;
            MaxReceiveMessageSizeSpecified = true;
        }
    }

    /// <summary>Bytes; null, the default, is unlimited.</summary>
    public int? MaxSendMessageSize
    {
        get => _maxSendMessageSize;
        set
        {
            _maxSendMessageSize = value;
            MaxSendMessageSizeSpecified = true;
        }
    }

    /// <summary>Puts an unexpected exception's type and message into the status that the client sees. False by default.</summary>
    public bool? EnableDetailedErrors { get; set; }

    /// <summary><c>gzip</c>, or null for none. Applies where the client accepts it.</summary>
    public string? ResponseCompressionAlgorithm { get; set; }

    public CompressionLevel? ResponseCompressionLevel { get; set; }

    /// <summary>The first is the outermost; those of all services run before those of one.</summary>
    public InterceptorCollection Interceptors { get; } = [];

    /// <summary>Leaves unknown services and methods to the rest of the pipeline instead of answering UNIMPLEMENTED.</summary>
    public bool? IgnoreUnknownServices { get; set; }

    internal bool MaxReceiveMessageSizeSpecified { get; private set; }

    internal bool MaxSendMessageSizeSpecified { get; private set; }
}

/// <summary>What is set here replaces the options of all services, for one of them.</summary>
public class GrpcServiceOptions<TService> : GrpcServiceOptions
    where TService : class;

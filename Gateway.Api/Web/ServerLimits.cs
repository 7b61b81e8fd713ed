using System.ComponentModel.DataAnnotations;

namespace LlmGateway.Gateway.Web;

/// <summary>How much a client may ask of the server itself, whatever it asks for. Section <c>Server</c>.</summary>
internal sealed class ServerLimits
{
    public const string Section = "Server";

    /// <summary>Connections at a time; one more is closed at once.</summary>
    [Range(1, 1_000_000)]
    public int MaxConnections { get; set; } = 10_000;

    /// <summary>Connections that wait in the kernel to be taken.</summary>
    [Range(1, 65_535)]
    public int Backlog { get; set; } = 512;

    /// <summary>Requests at a time on one HTTP/2 connection.</summary>
    [Range(1, 10_000)]
    public int MaxStreamsPerConnection { get; set; } = 100;

    /// <summary>Bytes of the request line: method, path and query. A longer one is 414.</summary>
    [Range(1_024, 1_048_576)]
    public int MaxRequestLineBytes { get; set; } = 8_192;

    /// <summary>Bytes of all header fields of a request. More are 431.</summary>
    [Range(1_024, 1_048_576)]
    public int MaxHeaderBytes { get; set; } = 32_768;

    /// <summary>Header fields of a request. More are 431.</summary>
    [Range(16, 10_000)]
    public int MaxHeaders { get; set; } = 100;

    /// <summary>Seconds in which a request's header fields must have come.</summary>
    [Range(1, 600)]
    public double HeaderSeconds { get; set; } = 15;

    /// <summary>Seconds that a connection may be idle between two requests: more than a load balancer's own, which must hang up first.</summary>
    [Range(1, 3_600)]
    public double IdleSeconds { get; set; } = 130;

    /// <summary>Bytes a second that a body must come with. A slower one is 408, and its connection is closed.</summary>
    [Range(1, 1_048_576)]
    public int MinBodyBytesPerSecond { get; set; } = 240;

    /// <summary>Bytes a second that a client must take of an answer, while any are left to take. Who takes fewer is cut off.</summary>
    [Range(1, 1_048_576)]
    public int MinAnswerBytesPerSecond { get; set; } = 240;

    /// <summary>Seconds that a body or an answer may stand still before its pace is looked at.</summary>
    [Range(2, 600)]
    public double SlowSeconds { get; set; } = 5;
}

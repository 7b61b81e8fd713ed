using System.Data.Common;
using System.Net.Sockets;

namespace LlmGateway.ServiceDefaults;

/// <summary>What the failure of a database or of Redis means.</summary>
public static class StoreFailure
{
    /// <summary>
    /// The store cannot be reached just now; later it may. Anywhere in the chain, because EF wraps the driver's exception once or twice; and
    /// a socket's own counts, so that this does not hang on what a driver's version wraps.
    /// </summary>
    public static bool IsOutOfReach(Exception? exception) => exception switch
    {
        null => false,
        DbException { IsTransient: true } or SocketException or TimeoutException or IOException => true,
        _ => IsOutOfReach(exception.InnerException),
    };
}

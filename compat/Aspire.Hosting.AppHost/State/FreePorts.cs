using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Aspire.Hosting.State;

/// <summary>
/// Ports that nobody listens on. They lie below the range that the kernel gives to outgoing connections (32768 and up): a
/// port of that range could be taken by any connection while its resource is stopped.
/// </summary>
internal static class FreePorts
{
    private const int First = 12000;
    private const int End = 32000;
    private static readonly Lock Gate = new();
    private static readonly HashSet<int> Given = [];

    public static int Next()
    {
        lock (Gate)
        {
            // Random, so that test processes that start together do not meet.
            for (var attempt = 0; attempt < 1000; attempt++)
            {
                var port = RandomNumberGenerator.GetInt32(First, End);
                if (!Given.Contains(port) && IsFree(port))
                {
                    Given.Add(port);
                    return port;
                }
            }
        }

        throw new DistributedApplicationException($"No free TCP port was found between {First} and {End}.");
    }

    public static bool IsFree(int port) => CanListen(IPAddress.Loopback, port) && CanListen(IPAddress.IPv6Loopback, port);

    private static bool CanListen(IPAddress address, int port)
    {
        try
        {
            using var listener = new TcpListener(address, port);
            listener.Start();
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return false;
        }
        catch (SocketException)
        {
            return true; // No IPv6 on this machine, or a port below 1024: not taken by anybody.
        }
    }
}

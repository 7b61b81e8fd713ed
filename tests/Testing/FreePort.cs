using System.Net;
using System.Net.Sockets;

namespace LlmGateway.Testing;

/// <summary>
/// A port for a process that is told its port. Below the range that the kernel takes for outgoing connections (32768 and up), one of
/// which could have it by the time the process listens.
/// </summary>
public static class FreePort
{
    private const int First = 12_000;
    private const int End = 32_000;
    private static readonly Random Dice = new(Environment.ProcessId);

    public static int Next()
    {
        while (true)
        {
            int port;
            lock (Dice)
            {
                port = Dice.Next(First, End);
            }

            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
            }
        }
    }
}

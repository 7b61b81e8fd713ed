using System.Net;
using System.Net.Sockets;

namespace LlmGateway.ServiceDefaults;

/// <summary>
/// Connections to the public Internet only, for addresses that somebody else wrote: an image's in a client's request, a webhook's. A name is resolved once, and
/// what it resolved to is checked and then connected to, so that a name server that answers differently the second time gains nothing; each redirect
/// is a connection of its own, and checked like the first. (The framework has no such check, and no library for it restores.)
/// Sources: IANA's registries of special-purpose IPv4 and IPv6 addresses.
/// </summary>
public static class PublicNetwork
{
    private static readonly IPNetwork[] Special =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "2001::/23", "2001:db8::/32", "3fff::/20",
        }.Select(text => IPNetwork.Parse(text)),
    ];

    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");
    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");
    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");

    /// <summary>Whether an address is one of the public Internet: not private, loopback, link-local, shared, reserved or multicast, nor a way to one of those.</summary>
    public static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return IsPublic(address.MapToIPv4());
        }

        if (address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            var bytes = address.GetAddressBytes();
            if (Nat64.Contains(address))
            {
                return IsPublic(new IPAddress(bytes.AsSpan(12, 4)));
            }

            if (!GlobalUnicast.Contains(address) || (SixToFour.Contains(address) && !IsPublic(new IPAddress(bytes.AsSpan(2, 4)))))
            {
                return false;
            }
        }

        return !Array.Exists(Special, network => network.Contains(address));
    }

    /// <summary>For <see cref="SocketsHttpHandler.ConnectCallback"/> of a handler without a proxy: with one, the proxy's address would be what is checked.</summary>
    /// <exception cref="PrivateAddressException">The name has an address that is not public, whatever others it has.</exception>
    public static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancellationToken);
        if (!Array.TrueForAll(addresses, IsPublic))
        {
            throw new PrivateAddressException();
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>An address of somebody else's leads into a network that is not public. Names neither, because the message may reach a client.</summary>
public sealed class PrivateAddressException() : IOException("The address is not a public one.");

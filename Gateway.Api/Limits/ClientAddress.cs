using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace LlmGateway.Gateway.Limits;

/// <summary>Who calls, as far as the network tells: an IPv4 address, or the /64 of an IPv6 address, which one customer of a provider has.</summary>
internal readonly record struct ClientAddress(UInt128 Value)
{
    public static ClientAddress Of(IPAddress? address)
    {
        if (address is null)
        {
            return default;
        }

        Span<byte> bytes = stackalloc byte[16];
        if (address.IsIPv4MappedToIPv6 || address.AddressFamily == AddressFamily.InterNetwork)
        {
            address.MapToIPv4().TryWriteBytes(bytes[12..], out _);
        }
        else
        {
            address.TryWriteBytes(bytes, out _);
            bytes[8..].Clear();
        }

        return new(BinaryPrimitives.ReadUInt128BigEndian(bytes));
    }
}

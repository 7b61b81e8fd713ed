using System.Net;
using FsCheck;
using FsCheck.Fluent;

namespace LlmGateway.ServiceDefaults.Tests;

public sealed class PublicNetworkTests
{
    [Theory]
    [InlineData("8.8.8.8")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.0")]
    [InlineData("169.253.255.255")]
    [InlineData("100.128.0.0")]
    [InlineData("2606:4700::6810:1")]
    [InlineData("64:ff9b::8.8.8.8")]
    [InlineData("2002:808:808::1")]
    public void Addresses_of_the_internet_are_public(string address) => PublicNetwork.IsPublic(IPAddress.Parse(address)).ShouldBeTrue();

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.0.9")]
    [InlineData("0.0.0.0")]
    [InlineData("10.1.2.3")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.1.1")]
    [InlineData("169.254.169.254")]
    [InlineData("100.64.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("fe80::1")]
    [InlineData("fc00::1")]
    [InlineData("fd12:3456::1")]
    [InlineData("ff02::1")]
    [InlineData("2001:db8::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("::127.0.0.1")]
    [InlineData("64:ff9b::10.0.0.1")]
    [InlineData("64:ff9b:1::1")]
    [InlineData("2002:a00:1::1")]
    [InlineData("2001:0:a00:1::1")]
    public void Addresses_of_ones_own_networks_are_not(string address) => PublicNetwork.IsPublic(IPAddress.Parse(address)).ShouldBeFalse();

    [Fact]
    public void An_IPv4_address_is_judged_alike_in_each_of_its_IPv6_forms() => Check.QuickThrowOnFailure(Prop.ForAll<uint>(bits =>
    {
        byte[] v4 = [(byte)(bits >> 24), (byte)(bits >> 16), (byte)(bits >> 8), (byte)bits];
        var verdict = PublicNetwork.IsPublic(new IPAddress(v4));
        return PublicNetwork.IsPublic(new IPAddress(v4).MapToIPv6()) == verdict
            && PublicNetwork.IsPublic(new IPAddress([0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, .. v4])) == verdict
            && PublicNetwork.IsPublic(new IPAddress([0x20, 0x02, .. v4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])) == verdict;
    }));

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("[::1]")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("2130706433")]
    [InlineData("0x7f.1")]
    public async Task A_connection_to_ones_own_machine_is_refused_however_it_is_written(string host)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, ConnectCallback = PublicNetwork.ConnectAsync });

        var refused = await Should.ThrowAsync<HttpRequestException>(http.GetAsync(new Uri($"http://{host}:1/")));

        refused.InnerException.ShouldBeOfType<PrivateAddressException>();
    }
}

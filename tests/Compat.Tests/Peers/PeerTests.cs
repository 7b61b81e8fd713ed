using LlmGateway.Compat.Tests.Grpc;

namespace LlmGateway.Compat.Tests.Peers;

[Trait("Peer", "grpc-js")]
public sealed class NodePeerTests(PeerClientRun<NodePeer> client, PeerServerRun<NodePeer> server)
    : IClassFixture<PeerClientRun<NodePeer>>, IClassFixture<PeerServerRun<NodePeer>>
{
    [Theory]
    [MemberData(nameof(PeerCases.Names), MemberType = typeof(PeerCases))]
    [InlineData("gzip")]
    public void The_JavaScript_client_is_served_by_our_server(string name) => client.Passed(name);

    [Theory]
    [MemberData(nameof(PeerCases.Names), MemberType = typeof(PeerCases))]
    public Task Our_client_is_served_by_the_JavaScript_server(string name) => PeerCases.RunAsync(name, server.Channel);
}

[Trait("Peer", "grpcio")]
public sealed class PythonPeerTests(PeerClientRun<PythonPeer> client, PeerServerRun<PythonPeer> server)
    : IClassFixture<PeerClientRun<PythonPeer>>, IClassFixture<PeerServerRun<PythonPeer>>
{
    [Theory]
    [MemberData(nameof(PeerCases.Names), MemberType = typeof(PeerCases))]
    [InlineData("gzip")]
    public void The_Python_client_is_served_by_our_server(string name) => client.Passed(name);

    [Theory]
    [MemberData(nameof(PeerCases.Names), MemberType = typeof(PeerCases))]
    public Task Our_client_is_served_by_the_Python_server(string name) => PeerCases.RunAsync(name, server.Channel);
}

[Trait("Peer", "own")]
public sealed class OwnPeerTests
{
    [Theory]
    [MemberData(nameof(PeerCases.Names), MemberType = typeof(PeerCases))]
    public async Task Our_client_is_served_by_our_server(string name)
    {
        await using var host = await PeerHost.StartAsync();

        await PeerCases.RunAsync(name, host.Channel);
    }
}

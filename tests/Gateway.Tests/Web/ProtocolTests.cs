using System.Net;
using System.Net.Sockets;
using System.Text;
using LlmGateway.Gateway.Tests.Hosting;

namespace LlmGateway.Gateway.Tests.Web;

/// <summary>HTTP/1.1 and HTTP/2 on one port, with TLS and without.</summary>
[Collection(GatewayCollection.Name)]
public sealed class ProtocolTests(GatewayHost gateway)
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 0)]
    public async Task Both_protocols_are_spoken_on_the_one_port(int major, int minor)
    {
        using var client = gateway.Client();
        foreach (var path in new[] { "/alive", "/v1/models", "/no/such/path" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path) { Version = new(major, minor), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            using var response = await client.SendAsync(request);

            response.Version.ShouldBe(new(major, minor));
            response.Headers.Contains("x-request-id").ShouldBeTrue();
            response.Headers.Contains("strict-transport-security").ShouldBeFalse("without TLS");
        }
    }

    [Fact]
    public async Task A_preface_that_comes_in_pieces_is_HTTP2_and_one_that_turns_out_another_is_not()
    {
        using var socket = new TcpClient(gateway.Address.Host, gateway.Address.Port) { NoDelay = true };
        foreach (var piece in new[] { "PRI * HT", "TP/2.0\r\n\r\nSM\r\n\r", "\n" })
        {
            await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(piece));
        }

        await socket.GetStream().WriteAsync(new byte[] { 0, 0, 0, 4, 0, 0, 0, 0, 0 });
        var frame = new byte[9];
        await socket.GetStream().ReadExactlyAsync(frame);
        frame[3].ShouldBe((byte)4, "the type of SETTINGS");

        using var other = new TcpClient(gateway.Address.Host, gateway.Address.Port);
        await other.GetStream().WriteAsync("PRI / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"u8.ToArray());
        (await new StreamReader(other.GetStream()).ReadToEndAsync()).ShouldStartWith("HTTP/1.1 405 ");
    }

    [Fact]
    public async Task A_connection_that_says_nothing_does_not_hold_up_the_end()
    {
        var host = await OwnHost.StartAsync();
        using var silent = new TcpClient(host.Address.Host, host.Address.Port);
        using (var client = new HttpClient { BaseAddress = host.Address })
        {
            await client.GetStringAsync("/alive");
        }

        // Hosts wait 30 s for connections that are in use.
        await host.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TLS_takes_a_certificate_from_a_file(bool pfx)
    {
        using var folder = new CertificateFolder(pfx);
        var certificate = folder.Write();
        await using var host = await folder.StartAsync();

        (await SecurityAsync(host, certificate)).ShouldStartWith("max-age=");
        await Should.ThrowAsync<HttpRequestException>(() => SecurityAsync(host, "another"));
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task A_certificate_that_is_replaced_in_its_file_is_served_without_a_restart()
    {
        using var folder = new CertificateFolder(pfx: false);
        var first = folder.Write();
        await using var host = await folder.StartAsync();
        (await IsServedAsync(host, first)).ShouldBeTrue();

        // The server looks for changes of the file by itself, and says nothing when it has taken one.
        var second = folder.Write();
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!await IsServedAsync(host, second))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), deadline.Token);
        }
    }

    private static async Task<bool> IsServedAsync(OwnHost host, string certificate)
    {
        try
        {
            await SecurityAsync(host, certificate);
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Over HTTP/2 and TLS with this certificate; the header that only such an answer has.</summary>
    private static async Task<string> SecurityAsync(OwnHost host, string certificate)
    {
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, served, _, _) => served?.GetCertHashString() == certificate;
        using var client = new HttpClient(handler) { BaseAddress = host.Address };
        using var response = await client.SendAsync(new(HttpMethod.Get, "/alive") { Version = new(2, 0), VersionPolicy = HttpVersionPolicy.RequestVersionExact });
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return AnswerTests.Header(response, "strict-transport-security");
    }
}

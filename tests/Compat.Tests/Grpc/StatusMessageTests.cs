using Grpc.Core;
using Grpc.Net.Client;
using LlmGateway.Compat.Tests.Grpc.Protos;
using LlmGateway.Compat.Tests.Grpc.Raw;

namespace LlmGateway.Compat.Tests.Grpc;

/// <summary>grpc-status and grpc-message: W10.</summary>
public sealed class StatusMessageTests
{
    [Theory]
    [Trait("Wire", "W10")]
    [InlineData("plain words, 1 < 2 ~", "plain words, 1 < 2 ~")]
    [InlineData("né 100% \n日本😀", "n%C3%A9 100%25 %0A%E6%97%A5%E6%9C%AC%F0%9F%98%80")]
    [InlineData("$%&", "$%25&")]
    [InlineData("tab\tdel\u007f", "tab%09del%7F")]
    [InlineData("crlf\r\ninjected: yes", "crlf%0D%0Ainjected: yes")]
    public async Task W10_the_message_goes_out_percent_encoded(string message, string encoded)
    {
        await using var host = await PeerHost.StartAsync();

        var answer = await host.Raw.CallAsync("Echo", new EchoRequest { Status = 9, Message = message });
        var error = await Should.ThrowAsync<RpcException>(
            () => host.Client.EchoAsync(new EchoRequest { Status = 9, Message = message }).ResponseAsync.Soon());

        answer.Message.ShouldBe(encoded);
        error.Status.Detail.ShouldBe(message);
    }

    [Fact]
    [Trait("Wire", "W10")]
    public async Task W10_half_a_surrogate_pair_goes_out_as_the_replacement_character()
    {
        await using var host = await PeerHost.StartAsync(new PeerHandlers
        {
            Echo = (_, _) => throw new RpcException(new Status(StatusCode.Aborted, "half \ud83d.")),
        });

        var answer = await host.Raw.CallAsync("Echo", new EchoRequest());

        answer.Message.ShouldBe("half %EF%BF%BD.");
    }

    [Fact]
    [Trait("Wire", "W10")]
    public async Task W10_a_message_longer_than_a_buffer_goes_out_whole()
    {
        var message = string.Concat(Enumerable.Repeat("日 %", 500));
        await using var host = await PeerHost.StartAsync();

        var error = await Should.ThrowAsync<RpcException>(
            () => host.Client.EchoAsync(new EchoRequest { Status = 9, Message = message }).ResponseAsync.Soon());

        error.Status.Detail.ShouldBe(message);
    }

    [Fact]
    [Trait("Wire", "W10")]
    public async Task W10_an_empty_message_is_absent()
    {
        await using var host = await PeerHost.StartAsync();

        var answer = await host.Raw.CallAsync("Echo", new EchoRequest { Status = 3 });

        answer.Status.ShouldBe("3");
        answer.Field("grpc-message").ShouldBeNull();
    }

    [Fact]
    [Trait("Wire", "W10")]
    public async Task W10_every_status_goes_through_as_a_decimal()
    {
        await using var host = await PeerHost.StartAsync();

        for (var status = 1; status <= 16; status++)
        {
            var request = new EchoRequest { Status = status, Message = $"status {status}" };
            var answer = await host.Raw.CallAsync("Echo", request);
            var error = await Should.ThrowAsync<RpcException>(() => host.Client.EchoAsync(request).ResponseAsync.Soon());

            answer.Status.ShouldBe($"{status}");
            error.StatusCode.ShouldBe((StatusCode)status);
        }
    }

    [Theory]
    [Trait("Wire", "W10")]
    [InlineData("a b%C3%A9%zz%", "a bé%zz%")]
    [InlineData("%e6%97%a5", "日")]
    [InlineData("%", "%")]
    [InlineData("%4", "%4")]
    [InlineData("%F0%9F%98%80 100%25", "😀 100%")]
    [InlineData("%0A%20x", "\n x")]
    public async Task W10_the_client_decodes_what_it_can_and_leaves_the_rest(string encoded, string message)
    {
        var error = await FailingWithAsync(encoded);

        error.Status.ShouldBe(new Status(StatusCode.Aborted, message));
    }

    [Fact]
    [Trait("Wire", "W10")]
    public async Task W10_the_client_survives_bytes_that_are_not_UTF_8()
    {
        var error = await FailingWithAsync("bad %FF%C3 end");

        error.StatusCode.ShouldBe(StatusCode.Aborted);
        error.Status.Detail.ShouldStartWith("bad ");
        error.Status.Detail.ShouldEndWith(" end");
    }

    private static async Task<RpcException> FailingWithAsync(string message)
    {
        await using var host = await LoopbackHost.AnsweringAsync(
            http => http.WriteTrailersOnly(("grpc-status", "10"), ("grpc-message", message)));
        using var channel = GrpcChannel.ForAddress(host.Address);
        return await Should.ThrowAsync<RpcException>(() => new Peer.PeerClient(channel).EchoAsync(new EchoRequest()).ResponseAsync.Soon());
    }
}

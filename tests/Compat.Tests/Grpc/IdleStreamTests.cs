using Grpc.Core;
using LlmGateway.Compat.Tests.Grpc.Protos;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Compat.Tests.Grpc;

/// <summary>Streams that are quiet for longer than an ordinary request may be: the rest of W31.</summary>
[Trait("Category", "Timed")]
public sealed class IdleStreamTests
{
    [Fact]
    [Trait("Wire", "W31")]
    public async Task W31_a_client_stream_may_be_silent_for_longer_than_Kestrel_waits_for_a_body()
    {
        // Kestrel gives up on a body slower than 240 bytes a second after 5 s of grace.
        await using var host = await PeerHost.StartAsync();

        using var call = host.Client.Sum();
        await call.RequestStream.WriteAsync(new SumRequest { Value = 1 }).Soon();
        using var chat = host.Client.Chat();
        await chat.RequestStream.WriteAsync(new ChatMessage { Text = "before" }).Soon();
        await Task.Delay(TimeSpan.FromSeconds(10));
        await call.RequestStream.WriteAsync(new SumRequest { Value = 2 }).Soon();
        await call.RequestStream.CompleteAsync().Soon();
        await chat.RequestStream.WriteAsync(new ChatMessage { Text = "after" }).Soon();
        await chat.RequestStream.CompleteAsync().Soon();

        (await call.ResponseAsync.Soon()).Total.ShouldBe(3);
        (await chat.ResponseStream.ReadAllAsync().Select(message => message.Text).ToListAsync()).ShouldBe(["before", "after"]);
    }

    [Fact]
    [Trait("Wire", "W31")]
    public async Task W31_the_request_timeout_of_the_application_does_not_end_streams()
    {
        var limit = TimeSpan.FromMilliseconds(200);
        await using var host = await PeerHost.StartAsync(
            build: builder => builder.Services.AddRequestTimeouts(
                timeouts => timeouts.DefaultPolicy = new RequestTimeoutPolicy { Timeout = limit, TimeoutStatusCode = 504 }),
            configure: app =>
            {
                app.UseRouting();
                app.UseRequestTimeouts();
            });

        using var sum = host.Client.Sum();
        await sum.RequestStream.WriteAsync(new SumRequest { Value = 1 }).Soon();
        using var count = host.Client.Count(new CountRequest { Count = 3, DelayMs = 200 });
        var numbers = await count.ResponseStream.ReadAllAsync().Select(reply => reply.Number).ToListAsync();
        await sum.RequestStream.CompleteAsync().Soon();

        numbers.ShouldBe([0, 1, 2]);
        (await sum.ResponseAsync.Soon()).Total.ShouldBe(1);
        // The limit is in force: a unary call is not a stream.
        var late = await Should.ThrowAsync<RpcException>(() => host.Client.EchoAsync(new EchoRequest { DelayMs = 5_000 }).ResponseAsync.Soon());
        late.StatusCode.ShouldNotBe(StatusCode.OK);
    }
}

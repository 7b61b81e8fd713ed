using System.Collections.Concurrent;
using System.Diagnostics;
using Grpc.Core;
using LlmGateway.Compat.Tests.Grpc.Protos;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Compat.Tests.Grpc;

/// <summary>One trace through a call: W37.</summary>
public sealed class TracingTests : IDisposable
{
    private readonly ConcurrentQueue<Activity> _stopped = new();
    private readonly ActivityListener _listener;

    public TracingTests()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Microsoft.AspNetCore" or nameof(TracingTests),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _stopped.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    [Fact]
    [Trait("Wire", "W37")]
    public async Task W37_the_handler_runs_inside_the_clients_trace()
    {
        var seen = new TaskCompletionSource<Activity?>();
        await using var host = await PeerHost.StartAsync(new PeerHandlers
        {
            Echo = (_, _) =>
            {
                seen.SetResult(Activity.Current);
                return Task.FromResult(new EchoReply());
            },
        });
        using var source = new ActivitySource(nameof(TracingTests));
        using var client = source.StartActivity("client").ShouldNotBeNull();

        await host.Client.EchoAsync(new EchoRequest()).ResponseAsync.Soon();

        var server = (await seen.Task).ShouldNotBeNull();
        server.TraceId.ShouldBe(client.TraceId);
        server.HasRemoteParent.ShouldBeTrue();
    }

    [Fact]
    [Trait("Wire", "W37")]
    public async Task W37_one_trace_goes_on_through_a_call_inside_a_call()
    {
        var seen = new TaskCompletionSource<Activity?>();
        await using var inner = await PeerHost.StartAsync(new PeerHandlers
        {
            Echo = (_, _) =>
            {
                seen.SetResult(Activity.Current);
                return Task.FromResult(new EchoReply());
            },
        });
        await using var outer = await PeerHost.StartAsync(
            new PeerHandlers
            {
                Echo = async (request, context) =>
                    await context.GetHttpContext().RequestServices.GetRequiredService<Peer.PeerClient>().EchoAsync(request),
            },
            build: builder => builder.Services.AddGrpcClient<Peer.PeerClient>(options => options.Address = new Uri(inner.Address)));
        using var source = new ActivitySource(nameof(TracingTests));
        using var client = source.StartActivity("client").ShouldNotBeNull();

        await outer.Client.EchoAsync(new EchoRequest()).ResponseAsync.Soon();

        (await seen.Task).ShouldNotBeNull().TraceId.ShouldBe(client.TraceId);
    }

    [Fact]
    [Trait("Wire", "W37")]
    public async Task W37_the_servers_activity_names_the_method_and_the_status()
    {
        using var source = new ActivitySource(nameof(TracingTests));
        ActivityTraceId trace;
        await using (var host = await PeerHost.StartAsync())
        {
            using var client = source.StartActivity("client").ShouldNotBeNull();
            trace = client.TraceId;
            await Should.ThrowAsync<RpcException>(() => host.Client.EchoAsync(new EchoRequest { Status = 5 }).ResponseAsync.Soon());
        }

        // The host has stopped, so its activities have.
        var server = _stopped.Where(activity => activity.TraceId == trace && activity.Kind == ActivityKind.Server).ShouldHaveSingleItem();
        server.GetTagItem("grpc.method").ShouldNotBeNull().ToString().ShouldBe("/llmgateway.compat.v1.Peer/Echo");
        server.GetTagItem("grpc.status_code").ShouldNotBeNull().ToString().ShouldBe("5");
    }

    public void Dispose() => _listener.Dispose();
}

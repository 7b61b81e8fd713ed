using Grpc.Core;
using LlmGateway.ServiceDefaults.Tests.Probe;

namespace LlmGateway.ServiceDefaults.Tests;

/// <summary>Every method does what the test says, and counts.</summary>
internal sealed class ProbeBehaviour
{
    private int _calls;

    /// <summary>Given the call's number, from 1.</summary>
    public Func<int, ServerCallContext, Task<string>> Answer { get; set; } = (number, _) => Task.FromResult($"{number}");

    public int Calls => Volatile.Read(ref _calls);

    public async Task<ProbeReply> RunAsync(ServerCallContext context) =>
        new() { Text = await Answer(Interlocked.Increment(ref _calls), context) };
}

internal sealed class ProbeService(ProbeBehaviour behaviour) : Probe.Probe.ProbeBase
{
    public override Task<ProbeReply> Read(ProbeRequest request, ServerCallContext context) => behaviour.RunAsync(context);

    public override Task<ProbeReply> Put(ProbeRequest request, ServerCallContext context) => behaviour.RunAsync(context);

    public override Task<ProbeReply> Post(ProbeRequest request, ServerCallContext context) => behaviour.RunAsync(context);

    public override async Task Watch(ProbeRequest request, IServerStreamWriter<ProbeReply> responseStream, ServerCallContext context) =>
        await responseStream.WriteAsync(await behaviour.RunAsync(context));
}

using Grpc.Core;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Streaming;
using LlmGateway.ServiceDefaults.Shutdown;

namespace LlmGateway.Routing.Grpc;

internal sealed class RoutingGrpcService(CallRunner runner, CatalogStore catalog, GracefulShutdown shutdown, TimeProvider time) : RoutingApi.RoutingApiBase
{
    // What LiteLLM answers for every model, whose age nobody asks for.
    private const long Created = 1_677_610_602;

    private static readonly CallFault Stopping = new(CallFailure.NoAvailableProvider, "Routing is being stopped.");

    public override async Task Complete(CompleteRequest request, IServerStreamWriter<CompleteEvent> responseStream, ServerCallContext context)
    {
        var output = new CallOutput(responseStream, context.CancellationToken);
        var (call, fault) = CallReader.Read(request, time);
        if (call is null)
        {
            await output.FailedAsync(fault!, attempts: 0);
            return;
        }

        // A call whose time is over at a shutdown is settled like one whose client left, and its client, which is there, is told.
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, shutdown.CallsEnd);
        await runner.RunAsync(call, output, end.Token);
        if (shutdown.CallsEnd.IsCancellationRequested && !output.HasEnded)
        {
            await output.FailedAsync(Stopping, attempts: 0);
        }
    }

    public override Task<CountTokensReply> CountTokens(CountTokensRequest request, ServerCallContext context)
    {
        var read = ClientRequests.Read(request.Dialect, request.Body.Memory);
        var snapshot = catalog.Current;
        var fault = read.Fault
            ?? (snapshot.Find(request.Model) is null ? CallRunner.Unknown(request.Model.Length > 0 ? request.Model : snapshot.DefaultModel) : null);
        return Task.FromResult(fault is null
            ? new CountTokensReply { InputTokens = new UsageMeter(read.Prompt!.PromptBytes, read.Prompt.ImageTokens).Read().Prompt }
            : new CountTokensReply { Failed = new Failed { Failure = fault.Failure, Message = fault.Message, Param = fault.Param } });
    }

    public override Task<ListModelsReply> ListModels(ListModelsRequest request, ServerCallContext context)
    {
        var snapshot = catalog.Current;
        var reply = new ListModelsReply { DefaultModel = snapshot.DefaultModel };
        reply.Models.AddRange(snapshot.Names.Select(name => new Model { Id = name, OwnedBy = snapshot.Find(name)!.OwnedBy, Created = Created }));
        return Task.FromResult(reply);
    }
}

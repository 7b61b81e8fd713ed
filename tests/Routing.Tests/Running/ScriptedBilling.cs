using System.Collections.Concurrent;
using Google.Protobuf;
using Grpc.Core;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Routing.Tests.Running;

/// <summary>Billing as a function: for what a real one cannot be made to answer, or not at a moment that a test knows.</summary>
/// <param name="answer">An RpcException is an answer too.</param>
internal sealed class ScriptedBilling(Func<IMessage, IMessage> answer) : CallInvoker
{
    private readonly ConcurrentQueue<IMessage> _asked = new();

    public BillingApi.BillingApiClient Client => new(this);

    /// <summary>Every request, in order.</summary>
    public IEnumerable<T> Asked<T>()
        where T : IMessage => _asked.OfType<T>();

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        _asked.Enqueue((IMessage)request);
        return new(AnswerAsync(), Task.FromResult(new Metadata()), () => Status.DefaultSuccess, () => [], () => { });

        async Task<TResponse> AnswerAsync()
        {
            await Task.Yield();
            return (TResponse)answer((IMessage)request);
        }
    }

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw new NotSupportedException();

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) => throw new NotSupportedException();

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) => throw new NotSupportedException();

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw new NotSupportedException();
}

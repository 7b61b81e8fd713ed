using Grpc.Core;

namespace Grpc.Net.Client;

internal sealed class ChannelCallInvoker(GrpcChannel channel) : CallInvoker
{
    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        AsyncUnaryCall(method, host, options, request).ResponseAsync.GetAwaiter().GetResult();

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var call = new SingleResponseCall<TResponse>(channel, method, method.ResponseMarshaller, host, options);
        var content = new MessageContent<TRequest>(call, request, method.RequestMarshaller.ContextualSerializer);
        return new(call.Start(content), call);
    }

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        var call = new SingleResponseCall<TResponse>(channel, method, method.ResponseMarshaller, host, options);
        var content = new RequestStreamContent();
        var response = call.Start(content);
        return new(new RequestStreamWriter<TRequest>(call, content, method.RequestMarshaller.ContextualSerializer), response, call);
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var call = new ResponseStreamCall<TResponse>(channel, method, method.ResponseMarshaller, host, options);
        call.Start(new MessageContent<TRequest>(call, request, method.RequestMarshaller.ContextualSerializer));
        return new(call, call);
    }

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        var call = new ResponseStreamCall<TResponse>(channel, method, method.ResponseMarshaller, host, options);
        var content = new RequestStreamContent();
        call.Start(content);
        return new(new RequestStreamWriter<TRequest>(call, content, method.RequestMarshaller.ContextualSerializer), call, call);
    }
}

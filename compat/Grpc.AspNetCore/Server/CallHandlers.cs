using System.Runtime.CompilerServices;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Grpc.AspNetCore.Server;

internal sealed class UnaryCallHandler<TRequest, TResponse>(
    Method<TRequest, TResponse> method,
    MethodOptions options,
    ILogger logger,
    UnaryServerMethod<TRequest, TResponse> handler) : ServerCallHandler(method, options, logger)
    where TRequest : class
    where TResponse : class
{
    private readonly Func<DeserializationContext, TRequest> _deserializer = method.RequestMarshaller.ContextualDeserializer;
    private readonly Action<TResponse, SerializationContext> _serializer = method.ResponseMarshaller.ContextualSerializer;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    protected override async ValueTask InvokeAsync(HttpContextServerCallContext call)
    {
        var request = await call.ReadSingleAsync(_deserializer);
        var response = await handler(request, call);
        await call.WriteSingleAsync(response, _serializer);
    }
}

internal sealed class ClientStreamingCallHandler<TRequest, TResponse>(
    Method<TRequest, TResponse> method,
    MethodOptions options,
    ILogger logger,
    ClientStreamingServerMethod<TRequest, TResponse> handler) : ServerCallHandler(method, options, logger)
    where TRequest : class
    where TResponse : class
{
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    protected override async ValueTask InvokeAsync(HttpContextServerCallContext call)
    {
        var requests = new RequestStream<TRequest>(call, method.RequestMarshaller.ContextualDeserializer);
        var response = await handler(requests, call);
        await call.WriteSingleAsync(response, method.ResponseMarshaller.ContextualSerializer);
    }
}

internal sealed class ServerStreamingCallHandler<TRequest, TResponse>(
    Method<TRequest, TResponse> method,
    MethodOptions options,
    ILogger logger,
    ServerStreamingServerMethod<TRequest, TResponse> handler) : ServerCallHandler(method, options, logger)
    where TRequest : class
    where TResponse : class
{
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    protected override async ValueTask InvokeAsync(HttpContextServerCallContext call)
    {
        var request = await call.ReadSingleAsync(method.RequestMarshaller.ContextualDeserializer);
        await handler(request, new ResponseStream<TResponse>(call, method.ResponseMarshaller.ContextualSerializer), call);
    }
}

internal sealed class DuplexStreamingCallHandler<TRequest, TResponse>(
    Method<TRequest, TResponse> method,
    MethodOptions options,
    ILogger logger,
    DuplexStreamingServerMethod<TRequest, TResponse> handler) : ServerCallHandler(method, options, logger)
    where TRequest : class
    where TResponse : class
{
    protected override ValueTask InvokeAsync(HttpContextServerCallContext call) => new(handler(
        new RequestStream<TRequest>(call, method.RequestMarshaller.ContextualDeserializer),
        new ResponseStream<TResponse>(call, method.ResponseMarshaller.ContextualSerializer),
        call));
}

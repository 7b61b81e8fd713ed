using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using LlmGateway.Gateway.Caching;
using LlmGateway.Gateway.Health;
using LlmGateway.Gateway.Limits;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.ServiceDefaults.Shutdown;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Calls;

/// <summary>One call, from a checked request to the last byte of its answer.</summary>
/// <remarks>
/// 1. All limits of the caller decide on it, together. What they took is corrected when the call has ended, or given back when nothing was sent.
/// 2. An answer that was kept is given again. Else the call is opened at Routing with a deadline for all of it; a client that leaves
///    cancels it there.
/// 3. Its events become the answer: <see cref="StreamedAnswer"/> or <see cref="PlainAnswer"/>.
/// 4. Routing failing itself, or this gateway being stopped while the call runs, is an error like any other, in the place where it happens.
/// 5. The outcome is counted and logged.
/// 6. An answer that broke off ends its connection.
/// </remarks>
internal sealed class CallPipeline(
    RoutingApi.RoutingApiClient routing, RequestLimiter limiter, ResponseCache cache, IOptions<CallTimes> times, IOptions<BillingOptions> billing,
    GatewayMetrics metrics, GracefulShutdown shutdown, TimeProvider time, CallLog log, LimitLog limits)
{
    public async Task RunAsync(HttpContext context, CallRequest request)
    {
        if (ResponseCache.Fault(context) is { } fault)
        {
            request.Body.Dispose();
            await ClientSurface.Of(context).WriteErrorAsync(context, fault);
            return;
        }

        // 1.
        var admission = await limiter.AdmitAsync(context.TraceIdentifier, request);
        admission.Head.Write(context);
        if (admission.Refusal is { } refusal)
        {
            limits.Refused(context, LimitNames.Of(admission.Refusing!), request.Caller);
            request.Body.Dispose();
            await ClientSurface.Of(context).WriteErrorAsync(context, refusal);
            return;
        }

        try
        {
            await CompleteAsync(context, request, admission);
        }
        catch (Exception exception) when (context.RequestAborted.IsCancellationRequested && exception is not AnswerBrokenOffException)
        {
            log.Left(context, request);
            throw;
        }
        finally
        {
            // Of a call whose client left, and of whatever else nobody has ended by now.
            await admission.BreakOffAsync();
        }
    }

    private async Task CompleteAsync(HttpContext context, CallRequest request, Admission admission)
    {
        // 2.
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, shutdown.CallsEnd);
        var turn = await cache.TakeTurnAsync(context, request);
        using var call = turn.Hit is null
            ? routing.Complete(
                ToProto(context, request), deadline: time.GetUtcNow().UtcDateTime + times.Value.Total, cancellationToken: end.Token)
            : null;
        var events = turn.Hit ?? turn.Recorded(call!.ResponseStream);

        // 3. and 4.
        var error = request.Stream
            ? await StreamAsync(context, events, admission)
            : await AnswerAsync(context, events, admission);

        if (error is null)
        {
            // The answer is whole, so Routing has read the request: nothing reads the body's array any more. After anything
            // else a write to Routing may still be under way, and the array is left to the garbage collector.
            request.Body.Dispose();
        }

        // 5.
        Count(CallClock.Of(context), request.Stream, error);
        log.Ended(context, request, isCached: turn.Hit is not null, error);

        // 6.
        if (error is not null && IsBroken(context, error))
        {
            throw new AnswerBrokenOffException(error.Outcome);
        }
    }

    private async Task<ApiError?> StreamAsync(HttpContext context, IAsyncStreamReader<CompleteEvent> events, Admission admission)
    {
        var surface = ClientSurface.Of(context);
        using var answer = new StreamedAnswer(
            context, surface, events, admission, times.Value, surface.QuotaStatus(billing.Value.RefusalStatus), time);
        try
        {
            return await answer.RelayAsync();
        }
        catch (RpcException exception) when (!context.RequestAborted.IsCancellationRequested)
        {
            await EndAsync(exception, answer.HasBegun, admission);
            return await answer.FailAsync(RoutingFailed(context, exception));
        }
    }

    private async Task<ApiError?> AnswerAsync(HttpContext context, IAsyncStreamReader<CompleteEvent> events, Admission admission)
    {
        var surface = ClientSurface.Of(context);
        var answer = new PlainAnswer(context, surface, events, admission, surface.QuotaStatus(billing.Value.RefusalStatus));
        try
        {
            return await answer.RelayAsync();
        }
        catch (RpcException exception) when (!context.RequestAborted.IsCancellationRequested)
        {
            await EndAsync(exception, answer.HasBegun, admission);
            return await answer.FailAsync(RoutingFailed(context, exception));
        }
    }

    // A Routing that could not be reached has not had the call. Of any other failure nobody knows what it has cost.
    private static ValueTask EndAsync(RpcException exception, bool hasBegun, Admission admission) =>
        exception.StatusCode == StatusCode.Unavailable && !hasBegun ? admission.UndoAsync() : admission.BreakOffAsync();

    private ApiError RoutingFailed(HttpContext context, RpcException exception)
    {
        if (shutdown.CallsEnd.IsCancellationRequested && exception.StatusCode == StatusCode.Cancelled)
        {
            return ApiErrors.ShuttingDown;
        }

        log.RoutingFailed(exception, context.TraceIdentifier);
        return FailureWire.From(exception);
    }

    private void Count(CallClock clock, bool stream, ApiError? error)
    {
        metrics.CallEnded(clock.Model, clock.Provider, stream, error, clock.Elapsed);
        if (clock.Added is { } added)
        {
            metrics.Added(stream, added);
        }
    }

    // The status line says 200 although the call failed: only a stream that had begun.
    private static bool IsBroken(HttpContext context, ApiError error) => context.Response.StatusCode != error.Status;

    private static CompleteRequest ToProto(HttpContext context, CallRequest request)
    {
        var proto = new CompleteRequest
        {
            RequestId = context.TraceIdentifier,
            AccountId = request.Caller.AccountId,
            KeyId = request.Caller.KeyId,
            Dialect = request.Dialect,
            Body = UnsafeByteOperations.UnsafeWrap(request.Body.Bytes),
            Model = request.Model,
            Stream = request.Stream,
            IncludeUsage = request.IncludeUsage,
            Limits = request.Caller.Limits.ToQuotas(),
            ClientRetries = ClientRetries(context.Request.Headers),
        };
        proto.Betas.AddRange(request.Betas);
        if (request.MaxOutputTokens is { } tokens)
        {
            proto.MaxOutputTokens = tokens;
        }

        return proto;
    }

    // OpenAI's and Anthropic's SDKs count their retries here; whoever writes more into it only has fewer attempts made for him.
    internal static int ClientRetries(IHeaderDictionary headers) =>
        int.TryParse(headers["x-stainless-retry-count"], NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 0;
}

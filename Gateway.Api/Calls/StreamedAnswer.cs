using Grpc.Core;
using LlmGateway.Gateway.Limits;
using LlmGateway.Protos.Routing.V1;

namespace LlmGateway.Gateway.Calls;

/// <summary>Relays one call as server-sent events.</summary>
/// <remarks>
/// 1. Headers are held until the first content, a failure, or <see cref="CallTimes.HeldHeaders"/>: until then a failure gets its
///    true status.
/// 2. Each chunk is written event by event and flushed once.
/// 3. While nothing comes, a comment or a ping goes out every <see cref="CallTimes.KeepAlive"/>, between events only.
/// 4. The success terminator is written in one place, on Ended. Whatever else ends the call becomes an error: with its status
///    when nothing was sent, else an event followed by a connection that visibly breaks off.
/// </remarks>
internal sealed class StreamedAnswer(
    HttpContext context,
    ClientSurface surface,
    IAsyncStreamReader<CompleteEvent> events,
    Admission admission,
    CallTimes times,
    int quotaStatus,
    TimeProvider time) : IDisposable
{
    // One timer for the whole answer: chunks only move _lastWrite, and the timer is set anew when it finds that it came too early.
    private readonly PeriodicTimer _timer = new(times.HeldHeaders, time);
    private readonly SseWriter _output = new(context.Response.BodyWriter);
    private Task? _tick;
    private long _lastWrite;
    private int _events;

    /// <summary>Routing has taken the call.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Returns null after the whole answer, else the error that the client was given in place of one.</summary>
    public async Task<ApiError?> RelayAsync()
    {
        while (await NextAsync())
        {
            var current = events.Current;
            HasBegun = true;
            switch (current.EventCase)
            {
                case CompleteEvent.EventOneofCase.Started:
                    CallClock.Of(context).Started(current.Started);
                    await StartAsync(current.Started);
                    break;
                case CompleteEvent.EventOneofCase.Chunk:
                    await WriteAsync(current.Chunk);
                    break;
                case CompleteEvent.EventOneofCase.Ended:
                    CallClock.Of(context).Ended(current.Ended);
                    await admission.EndAsync(current.Ended.PromptTokens + current.Ended.OutputTokens);
                    await StartAsync(null);
                    surface.WriteEnd(_output);
                    return null;
                case CompleteEvent.EventOneofCase.Failed:
                    CallClock.Of(context).Failed(current.Failed);
                    var error = FailureWire.From(current.Failed, quotaStatus);
                    await admission.FailAsync(error);
                    return await FailAsync(error);
            }
        }

        await admission.BreakOffAsync();
        return await FailAsync(ApiErrors.Internal);
    }

    /// <summary>Ends with an error: as the whole answer, or as the last event of one that had begun.</summary>
    public async Task<ApiError> FailAsync(ApiError error)
    {
        if (!context.Response.HasStarted)
        {
            await surface.WriteErrorAsync(context, error);
            return error;
        }

        surface.WriteError(_output, context, error, _events);
        await _output.FlushAsync(context.RequestAborted);
        return error;
    }

    public void Dispose() => _timer.Dispose();

    private async ValueTask<bool> NextAsync()
    {
        var next = events.MoveNext(CancellationToken.None);
        while (!next.IsCompleted)
        {
            _tick ??= _timer.WaitForNextTickAsync().AsTask();
            if (await Task.WhenAny(next, _tick) == next)
            {
                break;
            }

            _tick = null;
            await KeepAliveAsync();
        }

        return await next;
    }

    private async Task KeepAliveAsync()
    {
        if (!context.Response.HasStarted)
        {
            await StartAsync(null);
        }
        else if (times.KeepAlive - time.GetElapsedTime(_lastWrite) is { Ticks: > 0 } left)
        {
            _timer.Period = left < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : left;
            return;
        }

        surface.WriteKeepAlive(_output);
        await FlushAsync();
        _timer.Period = times.KeepAlive;
    }

    private Task StartAsync(Started? started)
    {
        if (context.Response.HasStarted)
        {
            return Task.CompletedTask;
        }

        if (started is not null)
        {
            AnswerHead.Provenance(context, started);
        }

        AnswerHead.Stream(context.Response);
        // Before the first byte of the body, or Kestrel collects the body in a buffer of its own first.
        return context.Response.StartAsync(context.RequestAborted);
    }

    private async Task WriteAsync(Chunk chunk)
    {
        admission.HasOutput |= chunk.Events.Count > 0;
        await StartAsync(null);
        foreach (var json in chunk.Events)
        {
            surface.WriteEvent(_output, json.Span);
            _events++;
        }

        await FlushAsync();
    }

    private async ValueTask FlushAsync()
    {
        await _output.FlushAsync(context.RequestAborted);
        _lastWrite = time.GetTimestamp();
    }
}

using System.Diagnostics;
using Grpc.Core;
using LlmGateway.Protos.Billing.V1;
using BillingClient = LlmGateway.Protos.Billing.V1.BillingApi.BillingApiClient;

namespace LlmGateway.Routing.Calls;

/// <summary>
/// Knows within a second that Billing is gone, frozen or without its database, and soon that it is back. While it is lost, calls are
/// refused at once instead of each finding out by its own deadline. One that refuses connections is lost at the first refusal; a silent one
/// after half a second without any answer, another call's included, so that a slow one is not taken for it.
/// </summary>
internal sealed partial class BillingWatch(BillingClient billing, TimeProvider time, ILogger<BillingWatch> logger) : BackgroundService
{
    // By the sockets' clock, and counted in ticks, so that a process that gets no CPU does not take that for Billing's silence.
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Quiet = 2 * Tick;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private const int PatientTicks = 5;

    private CancellationTokenSource _lost = new();
    private long _answered = Stopwatch.GetTimestamp();

    public bool IsLost => Volatile.Read(ref _lost).IsCancellationRequested;

    /// <summary>Cancelled when Billing is lost; another one once it is back.</summary>
    public CancellationToken Lost => Volatile.Read(ref _lost).Token;

    /// <summary>Billing has answered a call.</summary>
    public void Answered() => Volatile.Write(ref _answered, Stopwatch.GetTimestamp());

    public override void Dispose()
    {
        base.Dispose();
        _lost.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Tick);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (IsLost || Stopwatch.GetElapsedTime(Volatile.Read(ref _answered)) > Quiet)
            {
                await LookAsync(timer, stoppingToken);
            }
        }
    }

    private async Task LookAsync(PeriodicTimer timer, CancellationToken stoppingToken)
    {
        var asked = Stopwatch.GetTimestamp();
        var question = AskAsync(stoppingToken);
        for (var ticks = 1; !question.IsCompleted; ticks++)
        {
            await timer.WaitForNextTickAsync(stoppingToken);
            if (ticks >= PatientTicks && Volatile.Read(ref _answered) < asked)
            {
                Lose("it is silent");
            }
        }

        var failure = await question;
        stoppingToken.ThrowIfCancellationRequested();
        if (failure is null)
        {
            Answered();
            Find();
        }
        else if (Volatile.Read(ref _answered) < asked)
        {
            Lose(failure);
        }
    }

    /// <returns>Null for an answer, else what came instead.</returns>
    private async Task<string?> AskAsync(CancellationToken stoppingToken)
    {
        // A parent that is not sampled: a trace of nothing, several times a second, would bury the calls'.
        using var untraced = new Activity("watch Billing").Start();
        try
        {
            await billing.PingAsync(new(), deadline: (time.GetUtcNow() + Patience).UtcDateTime, cancellationToken: stoppingToken);
            return null;
        }
        catch (RpcException e) when (e.StatusCode is not (StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled))
        {
            // It has its reasons, and it answers.
            return null;
        }
        catch (RpcException e)
        {
            return e.Status.Detail;
        }
    }

    private void Lose(string reason)
    {
        if (!IsLost)
        {
            Log.Lost(logger, reason);
            _lost.Cancel();
        }
    }

    private void Find()
    {
        if (IsLost)
        {
            // Not disposed: a call may be about to take its token.
            Volatile.Write(ref _lost, new CancellationTokenSource());
            Log.Found(logger);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Billing does not answer: {Reason}. Calls are refused until it does.")]
        public static partial void Lost(ILogger logger, string reason);

        [LoggerMessage(2, LogLevel.Information, "Billing answers again.")]
        public static partial void Found(ILogger logger);
    }
}

using System.Collections.Concurrent;
using System.Globalization;
using LlmGateway.FakeProvider;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Functional.Tests.Crashes;

/// <summary>Clients that call one after the other, each with an account of its own, whatever happens to the system.</summary>
internal sealed class Load : IAsyncDisposable
{
    /// <summary>Of an answer that nothing cut short, one token each. Two bytes, so that no estimate is above what was produced.</summary>
    public const int Pieces = 8;

    private static readonly TimeSpan PieceDelay = TimeSpan.FromMilliseconds(15);
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(60);
    private static readonly string[] Text = [.. Enumerable.Repeat("b ", Pieces)];

    private readonly GatewaySystem _system;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<MadeCall> _made = new();
    private readonly List<Task> _clients = [];
    private readonly int _seed;
    private TaskCompletionSource _progress = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _finished;

    private Load(GatewaySystem system, int seed) => (_system, _seed) = (system, seed);

    public IReadOnlyCollection<MadeCall> Made => _made;

    public int Finished => Volatile.Read(ref _finished);

    public static async Task<Load> StartAsync(GatewaySystem system, int clients, int seed)
    {
        system.Provider.On(GatewaySystem.Model, new Script { Pieces = Text, ChunkDelay = PieceDelay });
        system.Provider.On("fake-cut", new Script { Pieces = Text, ChunkDelay = PieceDelay, Ending = Ending.Cut, EndAfter = 3 });
        var load = new Load(system, seed);
        for (var client = 0; client < clients; client++)
        {
            var account = string.Create(CultureInfo.InvariantCulture, $"crash-{client}");
            var key = await Administrator.IssueKeyAsync(system, account);
            load._clients.Add(load.CallAsync(client, account, key));
        }

        return load;
    }

    /// <summary>Until so many more calls have finished: the system works, or works again.</summary>
    public async Task ProgressAsync(int calls, string since)
    {
        var enough = Finished + calls;
        while (true)
        {
            var progress = Volatile.Read(ref _progress).Task;
            if (Finished >= enough)
            {
                return;
            }

            try
            {
                await progress.WaitAsync(Recovery);
            }
            catch (TimeoutException none)
            {
                throw new TimeoutException($"No call has finished within {Recovery} of {since}.", none);
            }
        }
    }

    /// <summary>No call begins any more; those that run come to their end.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_clients);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task CallAsync(int client, string account, string key)
    {
        var dice = new Random(_seed + client);
        using var http = _system.Client(key);
        for (var number = 0; !_stop.IsCancellationRequested; number++)
        {
            var call = new MadeCall(account, client, number, KindOf(dice.Next(100)));
            call = call with { Answer = await TryAsync(http, call, dice) };
            _made.Enqueue(call);
            if (call.Finished)
            {
                Interlocked.Increment(ref _finished);
                Interlocked.Exchange(ref _progress, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
            }
            else
            {
                // As clients do between two tries, and so that an outage is no race for the processor, which the start needs.
                await Task.Delay(dice.Next(100, 200));
            }
        }
    }

    private static CallKind KindOf(int dice) => dice switch
    {
        < 30 => CallKind.Plain,
        < 55 => CallKind.Stream,
        < 75 => CallKind.Growing,
        < 85 => CallKind.LeftStream,
        < 90 => CallKind.LeftPlain,
        < 95 => CallKind.Failing,
        _ => CallKind.BreakingOff,
    };

    private static async Task<ChatAnswer?> TryAsync(HttpClient http, MadeCall made, Random dice)
    {
        var call = new ChatCall(http, made.Model) { Prompt = made.Prompt, MaxTokens = made.Kind == CallKind.Growing ? null : 50 };
        using var leave = new CancellationTokenSource();
        try
        {
            switch (made.Kind)
            {
                case CallKind.Plain:
                    return await call.PlainAsync(leave.Token);
                case CallKind.LeftPlain:
                    leave.CancelAfter(dice.Next(120));
                    return await call.PlainAsync(leave.Token);
                case CallKind.LeftStream:
                    var answer = call.StreamAsync(leave.Token);
                    await call.FirstContent;
                    await leave.CancelAsync();
                    return await answer;
                default:
                    return await call.StreamAsync(leave.Token);
            }
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException || (broken is OperationCanceledException && leave.IsCancellationRequested))
        {
            return null;
        }
    }
}

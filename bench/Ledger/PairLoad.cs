using System.Diagnostics;
using System.Globalization;
using Grpc.Net.Client;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Bench.Ledger;

internal sealed record PairRun(int Pairs, TimeSpan Took, TimeSpan Median, TimeSpan Slow)
{
    public double PerSecond => Pairs / Took.TotalSeconds;
}

/// <summary>Callers that each hold, settle, and begin again. A pair's time is that of both calls.</summary>
internal sealed class PairLoad
{
    private static readonly Candidate Served = new() { Deployment = "bench-1", Provider = "bench", Model = "bench-model" };

    private readonly BillingApi.BillingApiClient _billing;
    private readonly int _accounts;
    private readonly string _run = Guid.NewGuid().ToString("N")[..14];
    private int _pairs;

    private PairLoad(BillingApi.BillingApiClient billing, int accounts) => (_billing, _accounts) = (billing, accounts);

    public static async Task<PairLoad> PrepareAsync(Uri address, int accounts, CancellationToken cancellationToken)
    {
        var channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true },
        });
        var billing = new BillingApi.BillingApiClient(channel);
        var price = new ModelPrice { Provider = Served.Provider, Model = Served.Model, Input = 2_500_000_000, Output = 10_000_000_000 };
        await billing.AnnouncePricesAsync(new AnnouncePricesRequest { Prices = { price } }, cancellationToken: cancellationToken);
        return new PairLoad(billing, accounts);
    }

    public async Task<PairRun> RunAsync(int inFlight, TimeSpan duration, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var callers = Enumerable.Range(0, inFlight).Select(_ => CallAsync(started, duration, cancellationToken)).ToArray();
        var times = (await Task.WhenAll(callers)).SelectMany(pairs => pairs).Order().ToArray();
        return new(times.Length, Stopwatch.GetElapsedTime(started), times[times.Length / 2], times[times.Length * 99 / 100]);
    }

    private async Task<List<TimeSpan>> CallAsync(long started, TimeSpan duration, CancellationToken cancellationToken)
    {
        var times = new List<TimeSpan>();
        while (Stopwatch.GetElapsedTime(started) < duration)
        {
            var pair = Interlocked.Increment(ref _pairs);
            var begun = Stopwatch.GetTimestamp();
            await PairAsync(
                string.Create(CultureInfo.InvariantCulture, $"req_{_run}{pair:D12}"),
                string.Create(CultureInfo.InvariantCulture, $"account-{pair % _accounts}"),
                cancellationToken);
            times.Add(Stopwatch.GetElapsedTime(begun));
        }

        return times;
    }

    private async Task PairAsync(string request, string account, CancellationToken cancellationToken)
    {
        var hold = await _billing.HoldAsync(
            new HoldRequest
            {
                RequestId = request,
                AccountId = account,
                KeyId = "key-1",
                Candidates = { Served },
                PromptTokens = 100,
                OutputTokens = 100,
                MinOutputTokens = 100,
            },
            cancellationToken: cancellationToken);
        if (hold.OutcomeCase != HoldReply.OutcomeOneofCase.Hold)
        {
            throw new InvalidOperationException($"The hold was refused: {hold.Refusal}");
        }

        var settled = await _billing.SettleAsync(
            new SettleRequest
            {
                RequestId = request,
                RequestedModel = "bench-model",
                ServedBy = Served,
                Usage = new Usage { InputTokens = 50, OutputTokens = 20 },
                Attempts = { new Attempt { Candidate = Served, Outcome = "ok", Status = 200, DurationMs = 7 } },
                Timings = new Timings { TimeToFirstTokenMs = 3, TotalMs = 7 },
            },
            cancellationToken: cancellationToken);
        if (settled.OutcomeCase != SettleReply.OutcomeOneofCase.Settlement)
        {
            throw new InvalidOperationException($"The settlement was refused: {settled.Refusal}");
        }
    }
}

using System.Net;
using LlmGateway.FakeProvider;
using LlmGateway.SystemUnderTest;
using Xunit.Abstractions;

namespace LlmGateway.Functional.Tests.Contention;

/// <summary>P1 through several gateways, routings and billings: a dollar is a dollar, however many ask for it at once (R1, R3, R7).</summary>
public sealed class NoOverspendTests(ReplicaSystem replicas, ITestOutputHelper output) : IClassFixture<ReplicaSystem>
{
    private const long Dollar = 1_000_000_000;

    // A hundredth of a dollar is held for it, and two thirds of that are used.
    private const int MaxTokens = 1_000;
    private const int UsedTokens = 700;

    private GatewaySystem System => replicas.System;

    [Fact]
    public async Task A_thousand_parallel_calls_from_three_gateways_never_pass_a_dollar()
    {
        const int calls = 1_000;
        const string account = "race";
        var script = new Script { CompletionTokens = UsedTokens, FirstDelay = TimeSpan.FromMilliseconds(20) };
        System.Provider.On(GatewaySystem.Model, script);
        var clients = await replicas.ClientsAsync(account, gateways: 3);
        await using var books = await Books.OfAsync(System);
        await Balance.OfAsync(clients[0]);
        using var done = new CancellationTokenSource();
        var sampler = SampleAsync(books, account, done.Token);

        var answers = await Task.WhenAll(Enumerable.Range(0, calls).Select(index =>
            new ChatCall(clients[index % 3], GatewaySystem.Model) { Prompt = $"{account} {index}", MaxTokens = MaxTokens }.PlainAsync()));
        var oversized = await new ChatCall(clients[0], "fake-dear") { Prompt = account, MaxTokens = 100_000 }.PlainAsync();

        // Answers come after their settlement. What may be held still is for calls that were refused because Billing was taken for lost.
        await Balance.WithoutHoldsAsync(clients[0], TimeSpan.FromSeconds(30));
        await done.CancelAsync();
        var (samples, most) = await sampler;
        var (funded, charged, held) = await books.MoneyAsync(account);
        var provided = System.Provider.Calls.Where(call => call.Tag == account).ToList();
        output.WriteLine($"{answers.Count(answer => answer.Ended)} of {calls} calls served, {charged} nano-dollars charged; {samples} samples, at most {most} charged and held.");
        (funded, held).ShouldBe((Dollar, 0));
        samples.ShouldBeGreaterThan(10);
        most.ShouldBeInRange(Dollar * 9 / 10, Dollar);
        charged.ShouldBeLessThanOrEqualTo(Dollar);
        (charged / 1_000_000_000m).ShouldBe(provided.Sum(call => FakeChatPrice.Of(call.PromptTokens, call.CompletionTokens)));
        provided.Count.ShouldBe(answers.Count(answer => answer.Ended), "what was refused did not reach the provider");
        answers.Where(answer => !answer.Ended).ShouldAllBe(answer => answer.ErrorCode == "insufficient_balance" || answer.ErrorCode == "billing_unavailable");
        Figure(oversized, "required").ShouldBeGreaterThan(1m);
        (await books.FaultsAsync()).ShouldBeEmpty();
        (await System.VerifyLedgerAsync()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task As_many_calls_are_admitted_by_one_gateway_as_by_three(int gateways)
    {
        var (model, gate) = (gateways == 1 ? "fake-slow" : "fake-stall", new Gate());
        System.Provider.On(model, new Script { Gate = gate });
        var clients = await replicas.ClientsAsync($"admitted-by-{gateways}", gateways);

        var calls = Enumerable.Range(0, 150).Select(index => CallAsync(clients[index % gateways], model)).ToList();

        // Those that are admitted wait at the gate, so that no money comes back for others.
        var refused = await (await Task.WhenAny(calls));
        var fits = (int)(1m / Figure(refused, "required"));
        fits.ShouldBeInRange(90, 120);
        await gate.ReachedAsync(fits);
        var answered = await FirstAsync(calls, calls.Count - fits);
        answered.ShouldAllBe(answer => answer.ErrorCode == "insufficient_balance");
        gate.Arrived.ShouldBe(fits);
        gate.Open();
        (await Task.WhenAll(calls)).Count(answer => answer.Ended).ShouldBe(fits);
    }

    private static async Task<(int Samples, long Most)> SampleAsync(Books books, string account, CancellationToken done)
    {
        var (samples, most) = (0, 0L);
        while (!done.IsCancellationRequested)
        {
            var (_, charged, held) = await books.MoneyAsync(account);
            most = Math.Max(most, charged + held);
            samples++;
        }

        return (samples, most);
    }

    private static Task<ChatAnswer> CallAsync(HttpClient gateway, string model) => new ChatCall(gateway, model) { MaxTokens = MaxTokens }.PlainAsync();

    private static decimal Figure(ChatAnswer refused, string name)
    {
        refused.Status.ShouldBe(HttpStatusCode.TooManyRequests);
        return refused.Error.ShouldNotBeNull().GetProperty("metadata").GetProperty(name).GetDecimal();
    }

    private static async Task<IReadOnlyList<ChatAnswer>> FirstAsync(IReadOnlyList<Task<ChatAnswer>> calls, int count)
    {
        var answers = new List<ChatAnswer>();
        await foreach (var call in Task.WhenEach(calls))
        {
            answers.Add(await call);
            if (answers.Count == count)
            {
                break;
            }
        }

        return answers;
    }
}

using Grpc.Core;
using LlmGateway.FakeProvider;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Providers;
using LlmGateway.Routing.Tests.Running;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>Failures between the hold and the settlement that no code expects: no money stays held, and what was produced is charged.</summary>
public sealed class UnexpectedTests(RoutingFixture fixture) : IClassFixture<RoutingFixture>
{
    private CallRunner Runner => fixture.Host.Services.GetRequiredService<CallRunner>();

    [Fact]
    public async Task A_client_call_that_is_over_before_its_token_says_so_is_a_client_that_left()
    {
        var call = new TestCall(Model()) { MaxTokens = 9 };

        await Runner.RunAsync(ToCall(call), Output(new InvalidOperationException("Can't write the message because the request is complete.")), CancellationToken.None);

        await ShouldBeChargedAsync(call);
    }

    [Fact]
    public async Task An_output_that_throws_anything_else_is_thrown_on_when_the_call_is_charged()
    {
        var call = new TestCall(Model()) { MaxTokens = 9 };

        await Should.ThrowAsync<NotSupportedException>(
            () => Runner.RunAsync(ToCall(call), Output(new NotSupportedException()), CancellationToken.None));

        await ShouldBeChargedAsync(call);
    }

    [Fact]
    public async Task An_attempt_that_throws_gives_the_hold_back()
    {
        var call = new TestCall(Model()) { MaxTokens = 9 };
        var withoutAdapters = ActivatorUtilities.CreateInstance<AttemptLoop>(fixture.Host.Services, Enumerable.Empty<IProviderAdapter>());
        var runner = ActivatorUtilities.CreateInstance<CallRunner>(fixture.Host.Services, withoutAdapters);

        await Should.ThrowAsync<KeyNotFoundException>(() => runner.RunAsync(ToCall(call), Output(new NotSupportedException()), CancellationToken.None));

        (await fixture.Billing.BalanceAsync(call.Account)).Held.ShouldBe(0);
        (await fixture.Billing.ChargesAsync(call.Account)).ShouldBeEmpty();
    }

    /// <summary>The one before it was billed by its provider.</summary>
    [Fact]
    public async Task A_fallback_that_throws_gives_the_hold_back_and_books_the_attempt_before_it()
    {
        var model = fixture.NextTriple();
        fixture.Provider.On(model + "-a", new Script
        {
            Usage = UsagePlacement.FirstChunk,
            PromptTokens = 40,
            CompletionTokens = 3,
            Ending = FakeProvider.Ending.ErrorEvent,
            EndAfter = 0,
        });
        var call = new TestCall(model);
        var real = fixture.Host.Services.GetServices<IProviderAdapter>().Single(adapter => adapter.Name == ProviderName.OpenAi);
        IProviderAdapter[] adapters = [new OnlyOnce(real)];
        var loop = ActivatorUtilities.CreateInstance<AttemptLoop>(fixture.Host.Services, adapters.AsEnumerable());
        var runner = ActivatorUtilities.CreateInstance<CallRunner>(fixture.Host.Services, loop);

        await Should.ThrowAsync<NotSupportedException>(() => runner.RunAsync(ToCall(call), Output(new IOException()), CancellationToken.None));

        (await fixture.Billing.BalanceAsync(call.Account)).Held.ShouldBe(0);
        (await fixture.Billing.ChargeAsync(call.RequestId)).ShouldBe((0, (40 * 2_500) + (3 * 10_000)));
    }

    private string Model()
    {
        var model = fixture.NextModel();
        fixture.Provider.On(model, new Script { Chunks = 5 });
        return model;
    }

    private async Task ShouldBeChargedAsync(TestCall call)
    {
        (await fixture.Billing.BalanceAsync(call.Account)).Held.ShouldBe(0);
        (await fixture.Billing.ChargesAsync(call.Account)).ShouldHaveSingleItem().AmountNanoUsd.ShouldBeLessThan(0);
    }

    internal static Call ToCall(TestCall call)
    {
        var request = call.ToRequest();
        return new Call
        {
            RequestId = request.RequestId,
            AccountId = request.AccountId,
            KeyId = request.KeyId,
            Model = request.Model,
            Stream = request.Stream,
            IncludeUsage = request.IncludeUsage,
            Request = ChatRequest.Read(request.Body.Memory, out _, out _)!,
            Client = new ClientBody(request.Dialect, request.Body.Memory),
            StartedAt = TimeProvider.System.GetUtcNow(),
            StartedTimestamp = TimeProvider.System.GetTimestamp(),
        };
    }

    internal static CallOutput Output(Exception failure) => new(new FailingWriter(failure), CancellationToken.None);

    private sealed class OnlyOnce(IProviderAdapter adapter) : IProviderAdapter
    {
        private int _calls;

        public string Name => adapter.Name;

        public Task<ProviderReply> SendAsync(HeldCall held, ProviderRequest request, CancellationToken cancellationToken) =>
            Interlocked.Increment(ref _calls) == 1 ? adapter.SendAsync(held, request, cancellationToken) : throw new NotSupportedException();
    }

    private sealed class FailingWriter(Exception failure) : IServerStreamWriter<CompleteEvent>
    {
        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(CompleteEvent message) => Task.FromException(failure);

        public Task WriteAsync(CompleteEvent message, CancellationToken cancellationToken) => Task.FromException(failure);
    }
}

using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Tests.Running;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Routing.Tests.Calls;

public sealed class UnansweredHoldTests(RoutingFixture fixture) : IClassFixture<RoutingFixture>
{
    [Theory]
    [InlineData(StatusCode.DeadlineExceeded)]
    [InlineData(StatusCode.Unavailable)]
    public async Task A_hold_that_was_made_without_an_answer_is_given_back_within_seconds(StatusCode status)
    {
        using var channel = GrpcChannel.ForAddress(fixture.Billing.Address);
        var lost = new AnswerLost(status);
        var runner = ActivatorUtilities.CreateInstance<CallRunner>(
            fixture.Host.Services, new BillingApi.BillingApiClient(channel.Intercept(lost)));
        var call = new TestCall(fixture.NextModel()) { MaxTokens = 9 };

        await runner.RunAsync(UnexpectedTests.ToCall(call), UnexpectedTests.Output(new IOException()), CancellationToken.None);

        lost.Holds.ShouldContain(hold => hold.AmountNanoUsd > 0);
        await Wait.UntilAsync(async () => (await fixture.Billing.BalanceAsync(call.Account)).Held == 0);
        fixture.Provider.CallsOf(call.Model).ShouldBeEmpty();
    }

    /// <summary>Billing gets what is sent, and its answer is lost on the way back.</summary>
    private sealed class AnswerLost(StatusCode status) : Interceptor
    {
        /// <summary>What the caller never heard of.</summary>
        public ConcurrentQueue<Hold> Holds { get; } = new();

        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
            TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
        {
            var call = continuation(request, context);
            return new(LoseAsync(call.ResponseAsync), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
        }

        private async Task<TResponse> LoseAsync<TResponse>(Task<TResponse> response)
        {
            if (await response is HoldReply { Hold: { } hold })
            {
                Holds.Enqueue(hold);
            }

            throw new RpcException(new Status(status, "lost"));
        }
    }
}

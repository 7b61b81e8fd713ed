using System.Diagnostics;
using System.Globalization;
using Grpc.Core;
using Grpc.Net.Client;
using LlmGateway.Compat.Tests.Grpc.Protos;
using LlmGateway.Compat.Tests.Grpc.Raw;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Compat.Tests.Grpc;

/// <summary>Tests whose subject is time run one after another, so that they do not make each other late.</summary>
[CollectionDefinition("Timed", DisableParallelization = true)]
public sealed class TimedTests;

/// <summary>Deadlines: W19, W20, W21, W23.</summary>
[Collection("Timed")]
[Trait("Category", "Timed")]
public sealed class DeadlineTests
{
    private const uint Cancel = 8;
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(150);

    [Theory]
    [Trait("Wire", "W19")]
    [InlineData("2H", 7200)]
    [InlineData("3M", 180)]
    [InlineData("10S", 10)]
    [InlineData("12000m", 12)]
    [InlineData("15000000u", 15)]
    [InlineData("99999999u", 99.999999)]
    public async Task W19_the_server_reads_every_unit(string timeout, double seconds)
    {
        var (status, deadline) = await DeadlineSeenAsync(timeout);

        status.ShouldBe("0");
        deadline.Kind.ShouldBe(DateTimeKind.Utc);
        (deadline - Patience.FromNow(TimeSpan.Zero)).TotalSeconds.ShouldBeInRange(seconds - 5, seconds);
    }

    [Theory]
    [Trait("Wire", "W19")]
    [InlineData("abc")]
    [InlineData("0m")]
    [InlineData("10")]
    [InlineData("S")]
    [InlineData("-5S")]
    [InlineData("1.5S")]
    [InlineData("5s")]
    [InlineData("")]
    public async Task W19_the_server_ignores_a_timeout_that_is_none(string timeout)
    {
        var (status, deadline) = await DeadlineSeenAsync(timeout);

        status.ShouldBe("0");
        deadline.ShouldBe(DateTime.MaxValue);
    }

    [Theory]
    [Trait("Wire", "W19")]
    [InlineData("100000000m")]
    [InlineData("99999999H")]
    public async Task W19_the_server_survives_a_timeout_of_nine_digits_or_of_a_thousand_years(string timeout)
    {
        var (status, deadline) = await DeadlineSeenAsync(timeout);

        status.ShouldBe("0");
        deadline.ShouldBeGreaterThan(Patience.FromNow(TimeSpan.FromHours(1)));
    }

    [Fact]
    [Trait("Wire", "W19")]
    public async Task W19_the_client_sends_what_is_left_of_its_deadline()
    {
        (await TimeoutSentAsync(Patience.FromNow(TimeSpan.FromSeconds(10)))).ShouldNotBeNull().ShouldBeInRange(5, 10);
        (await TimeoutSentAsync(Patience.FromNow(TimeSpan.FromDays(3)))).ShouldNotBeNull().ShouldBeInRange(3 * 86400 - 5, 3 * 86400);
        (await TimeoutSentAsync(Patience.FromNow(TimeSpan.FromDays(365 * 100)))).ShouldBe(99_999_999);
        (await TimeoutSentAsync(DateTime.MaxValue)).ShouldBeNull();
        (await TimeoutSentAsync(null)).ShouldBeNull();
    }

    [Fact]
    [Trait("Wire", "W20")]
    public async Task W20_without_a_timeout_the_servers_deadline_is_the_end_of_time()
    {
        var seen = new TaskCompletionSource<DateTime>();
        await using var host = await PeerHost.StartAsync(Noting(seen));

        await host.Raw.CallAsync("Echo", new EchoRequest());

        (await seen.Task).ShouldBe(DateTime.MaxValue);
    }

    [Fact]
    [Trait("Wire", "W20")]
    public async Task W20_at_the_deadline_the_peer_is_told_without_waiting_for_the_handler()
    {
        var release = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        await using var host = await PeerHost.StartAsync(new PeerHandlers
        {
            Echo = async (_, context) =>
            {
                context.CancellationToken.Register(cancelled.SetResult);
                await release.Task;
                return new EchoReply { Text = "too late" };
            },
        });
        var clock = Stopwatch.StartNew();

        var answer = await host.Raw.CallAsync("Echo", new EchoRequest(), ("grpc-timeout", "150m"));
        var elapsed = clock.Elapsed;
        await cancelled.Task.Soon();
        release.SetResult();
        var next = await host.Raw.CallAsync("Cancelled", new CallId(), ("grpc-timeout", "1m"));

        answer.Status.ShouldBe("4");
        answer.IsTrailersOnly.ShouldBeTrue();
        elapsed.ShouldBeInRange(Short * 0.9, TimeSpan.FromSeconds(2));
        next.Status.ShouldBe("4");
    }

    [Fact]
    [Trait("Wire", "W20")]
    public async Task W20_after_messages_the_deadline_is_in_the_trailers_and_later_writes_fail()
    {
        var write = new TaskCompletionSource<Exception?>();
        await using var host = await PeerHost.StartAsync(new PeerHandlers
        {
            Count = async (_, stream, context) =>
            {
                await stream.WriteAsync(new CountReply { Number = 1 });
                await context.CancellationToken.WhenCancelledAsync();
                write.SetResult(await Record.ExceptionAsync(() => stream.WriteAsync(new CountReply { Number = 2 })));
                throw new RpcException(new Status(StatusCode.DataLoss, "a second status"));
            },
        });

        var answer = await host.Raw.CallAsync("Count", new CountRequest(), ("grpc-timeout", "150m"));

        answer.Messages.ShouldHaveSingleItem();
        answer.Trailers["grpc-status"].ShouldBe("4");
        (await write.Task.Soon()).ShouldNotBeNull();
    }

    [Fact]
    [Trait("Wire", "W21")]
    public async Task W21_the_clients_own_timer_ends_a_call_that_the_server_never_answers()
    {
        var reset = new TaskCompletionSource<uint>();
        await using var server = Http2Server.Start(async wire => reset.SetResult((await wire.ReadAsync(FrameType.Reset)).ErrorCode));
        using var channel = GrpcChannel.ForAddress(server.Address);
        var clock = Stopwatch.StartNew();

        var error = await Should.ThrowAsync<RpcException>(
            () => new Peer.PeerClient(channel).EchoAsync(new EchoRequest(), deadline: Patience.FromNow(Short)).ResponseAsync.Soon());

        error.StatusCode.ShouldBe(StatusCode.DeadlineExceeded);
        clock.Elapsed.ShouldBeInRange(Short * 0.8, TimeSpan.FromSeconds(2));
        (await reset.Task.Soon()).ShouldBe(Cancel);
    }

    [Fact]
    [Trait("Wire", "W21")]
    public async Task W21_the_deadline_ends_a_stream_that_waits_for_its_next_message()
    {
        await using var host = await LoopbackHost.AnsweringAsync(async http =>
        {
            await http.WriteAsync(GrpcFrame.Of(new CountReply { Number = 1 }));
            await http.ParkAsync();
        });
        using var channel = GrpcChannel.ForAddress(host.Address);

        using var call = new Peer.PeerClient(channel).Count(new CountRequest(), deadline: Patience.FromNow(TimeSpan.FromMilliseconds(500)));
        (await call.ResponseStream.MoveNext().Soon()).ShouldBeTrue();
        var error = await Should.ThrowAsync<RpcException>(() => call.ResponseStream.MoveNext().Soon());

        error.StatusCode.ShouldBe(StatusCode.DeadlineExceeded);
        call.GetStatus().StatusCode.ShouldBe(StatusCode.DeadlineExceeded);
    }

    [Fact]
    [Trait("Wire", "W21")]
    public async Task W21_a_deadline_in_the_past_fails_before_anything_is_sent()
    {
        var requests = 0;
        await using var host = await LoopbackHost.AnsweringAsync(http =>
        {
            Interlocked.Increment(ref requests);
            return http.WriteOkAsync(new EchoReply());
        });
        using var channel = GrpcChannel.ForAddress(host.Address);
        var client = new Peer.PeerClient(channel);

        foreach (var past in new[] { Patience.FromNow(TimeSpan.FromSeconds(-1)), DateTime.MinValue })
        {
            var error = await Should.ThrowAsync<RpcException>(
                () => client.EchoAsync(new EchoRequest(), deadline: past).ResponseAsync.Soon());
            error.StatusCode.ShouldBe(StatusCode.DeadlineExceeded);
        }

        await client.EchoAsync(new EchoRequest()).ResponseAsync.Soon();
        requests.ShouldBe(1);
    }

    [Fact]
    [Trait("Wire", "W21")]
    public async Task W21_cancelled_by_the_server_after_the_deadline_is_the_deadline()
    {
        // The answer comes in the instant after the deadline, mostly before the client's own timer, which fires a little late.
        // Whichever is first, the call ends the same way.
        var handler = new CancelledAtHandler();
        using var channel = GrpcChannel.ForAddress("http://127.0.0.1", new GrpcChannelOptions { HttpHandler = handler });
        var client = new Peer.PeerClient(channel);

        for (var i = 0; i < 20; i++)
        {
            handler.Deadline = Patience.FromNow(TimeSpan.FromMilliseconds(20));
            var error = await Should.ThrowAsync<RpcException>(
                () => client.EchoAsync(new EchoRequest(), deadline: handler.Deadline).ResponseAsync.Soon());
            error.StatusCode.ShouldBe(StatusCode.DeadlineExceeded);
        }
    }

    [Fact]
    [Trait("Wire", "W21")]
    public async Task A_call_that_ends_in_time_is_not_touched_by_its_deadline()
    {
        await using var host = await PeerHost.StartAsync();

        using var call = host.Client.EchoAsync(new EchoRequest { Text = "in time" }, deadline: Patience.FromNow(TimeSpan.FromSeconds(10)));

        (await call.ResponseAsync.Soon()).Text.ShouldBe("in time");
        call.GetStatus().StatusCode.ShouldBe(StatusCode.OK);
    }

    [Fact]
    [Trait("Wire", "W23")]
    public async Task W23_a_deadline_travels_on_to_calls_made_inside_the_call()
    {
        var seen = new TaskCompletionSource<DateTime>();
        await using var inner = await PeerHost.StartAsync(Noting(seen));
        await using var outer = await PeerHost.StartAsync(CallingOn(), build: builder =>
            builder.Services.AddGrpcClient<Peer.PeerClient>(options => options.Address = new Uri(inner.Address)).EnableCallContextPropagation());

        await outer.Client.EchoAsync(new EchoRequest(), deadline: Patience.FromNow(TimeSpan.FromSeconds(5))).ResponseAsync.Soon();

        (await seen.Task - Patience.FromNow(TimeSpan.Zero)).TotalSeconds.ShouldBeInRange(2, 5);
    }

    [Fact]
    [Trait("Wire", "W23")]
    public async Task W23_an_earlier_deadline_of_the_inner_call_stays()
    {
        var seen = new TaskCompletionSource<DateTime>();
        await using var inner = await PeerHost.StartAsync(Noting(seen));
        await using var outer = await PeerHost.StartAsync(CallingOn(TimeSpan.FromSeconds(3)), build: builder =>
            builder.Services.AddGrpcClient<Peer.PeerClient>(options => options.Address = new Uri(inner.Address)).EnableCallContextPropagation());

        await outer.Client.EchoAsync(new EchoRequest(), deadline: Patience.FromNow(TimeSpan.FromSeconds(60))).ResponseAsync.Soon();

        (await seen.Task - Patience.FromNow(TimeSpan.Zero)).TotalSeconds.ShouldBeInRange(0, 3);
    }

    private static async Task<(string? Status, DateTime Deadline)> DeadlineSeenAsync(string timeout)
    {
        var seen = new TaskCompletionSource<DateTime>();
        await using var host = await PeerHost.StartAsync(Noting(seen));
        var answer = await host.Raw.CallAsync("Echo", new EchoRequest(), ("grpc-timeout", timeout));
        return (answer.Status, await seen.Task.Soon());
    }

    /// <summary>In seconds; null when no timeout was sent.</summary>
    private static async Task<double?> TimeoutSentAsync(DateTime? deadline)
    {
        var sent = new TaskCompletionSource<string>();
        await using var host = await LoopbackHost.AnsweringAsync(http =>
        {
            sent.SetResult(http.Request.Headers["grpc-timeout"].ToString());
            return http.WriteOkAsync(new EchoReply());
        });
        using var channel = GrpcChannel.ForAddress(host.Address);
        await new Peer.PeerClient(channel).EchoAsync(new EchoRequest(), deadline: deadline).ResponseAsync.Soon();

        var timeout = await sent.Task;
        if (timeout.Length == 0)
        {
            return null;
        }

        timeout.Length.ShouldBeInRange(2, 9);
        timeout[..^1].ShouldAllBe(digit => char.IsAsciiDigit(digit));
        var unit = timeout[^1] switch { 'H' => 3600, 'M' => 60, 'S' => 1, 'm' => 1e-3, 'u' => 1e-6, 'n' => 1e-9, _ => double.NaN };
        return double.Parse(timeout[..^1], CultureInfo.InvariantCulture) * unit;
    }

    private static PeerHandlers Noting(TaskCompletionSource<DateTime> deadline) => new()
    {
        Echo = (_, context) =>
        {
            deadline.TrySetResult(context.Deadline);
            return Task.FromResult(new EchoReply());
        },
    };

    private static PeerHandlers CallingOn(TimeSpan? deadline = null) => new()
    {
        Echo = async (request, context) => await context.GetHttpContext().RequestServices.GetRequiredService<Peer.PeerClient>()
            .EchoAsync(request, deadline: deadline is { } span ? Patience.FromNow(span) : null),
    };

    /// <summary>A server that says CANCELLED as soon as the deadline has passed.</summary>
    private sealed class CancelledAtHandler : HttpMessageHandler
    {
        public DateTime Deadline { get; set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            SpinWait.SpinUntil(() => Patience.FromNow(TimeSpan.Zero) > Deadline);
            var response = new HttpResponseMessage { Version = request.Version, Content = new ByteArrayContent([]) };
            response.Content.Headers.TryAddWithoutValidation("content-type", "application/grpc");
            response.Headers.TryAddWithoutValidation("grpc-status", "1");
            return Task.FromResult(response);
        }
    }
}

using Grpc.Core;
using LlmGateway.ServiceDefaults.Tests.Probe;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace LlmGateway.ServiceDefaults.Tests;

public sealed class GrpcDefaultsTests : IAsyncLifetime
{
    private readonly ProbeBehaviour _server = new();
    private readonly List<IHost> _clients = [];
    private TestHost _host = null!;

    public async Task InitializeAsync() => _host = await TestHost.StartAsync(
        builder =>
        {
            builder.Services.AddSingleton(_server);
            builder.AddGrpcDefaults();
        },
        app => app.MapGrpcService<ProbeService>(),
        HttpProtocols.Http2);

    public async Task DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task A_unary_call_without_a_deadline_gets_the_default_one()
    {
        _server.Answer = (_, context) => Task.FromResult($"{(context.Deadline - TimeProvider.System.GetUtcNow().UtcDateTime).TotalSeconds}");

        var left = double.Parse((await Client().PostAsync(new ProbeRequest())).Text);

        left.ShouldBeInRange(0, 2);
    }

    [Fact]
    public async Task A_method_may_have_a_deadline_of_its_own()
    {
        _server.Answer = (_, context) => Task.FromResult($"{(context.Deadline - TimeProvider.System.GetUtcNow().UtcDateTime).TotalSeconds}");
        var client = Client(options => options.MethodDeadlines["Put"] = TimeSpan.FromSeconds(60));

        double.Parse((await client.PutAsync(new ProbeRequest())).Text).ShouldBeInRange(50, 60);
        double.Parse((await client.PostAsync(new ProbeRequest())).Text).ShouldBeLessThan(2.1);
    }

    [Fact]
    public async Task The_callers_own_deadline_stays()
    {
        _server.Answer = (_, context) => Task.FromResult($"{(context.Deadline - TimeProvider.System.GetUtcNow().UtcDateTime).TotalSeconds}");

        var reply = await Client().PostAsync(new ProbeRequest(), deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(30));

        double.Parse(reply.Text).ShouldBeInRange(20, 30);
    }

    [Fact]
    public async Task A_stream_has_no_deadline_unless_its_caller_gives_one()
    {
        _server.Answer = (_, context) => Task.FromResult($"{context.Deadline == DateTime.MaxValue}");

        using var call = Client().Watch(new ProbeRequest());
        (await call.ResponseStream.MoveNext(CancellationToken.None)).ShouldBeTrue();

        call.ResponseStream.Current.Text.ShouldBe("True");
    }

    [Fact]
    public async Task An_answer_that_does_not_come_is_a_deadline_exceeded()
    {
        _server.Answer = async (_, context) =>
        {
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
            return "";
        };
        var client = Client(options => options.Deadline = TimeSpan.FromMilliseconds(200));

        (await FailureOf(client.PutAsync(new ProbeRequest()))).StatusCode.ShouldBe(StatusCode.DeadlineExceeded);
        _server.Calls.ShouldBe(1);
    }

    [Theory]
    [InlineData("Read")]
    [InlineData("Put")]
    public async Task An_idempotent_call_is_sent_again_while_the_service_is_unavailable(string method)
    {
        _server.Answer = (number, _) => number < 3 ? throw new RpcException(new Status(StatusCode.Unavailable, "not yet")) : Task.FromResult("done");

        using var call = Call(Client(), method);

        (await call.ResponseAsync).Text.ShouldBe("done");
        _server.Calls.ShouldBe(3);
        call.GetStatus().StatusCode.ShouldBe(StatusCode.OK);
        (await call.ResponseHeadersAsync).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_call_that_is_not_idempotent_is_sent_once()
    {
        _server.Answer = (_, _) => throw new RpcException(new Status(StatusCode.Unavailable, "not yet"));

        (await FailureOf(Client().PostAsync(new ProbeRequest()))).StatusCode.ShouldBe(StatusCode.Unavailable);
        _server.Calls.ShouldBe(1);
    }

    [Fact]
    public async Task A_service_that_stays_unavailable_is_asked_three_times()
    {
        _server.Answer = (_, _) => throw new RpcException(new Status(StatusCode.Unavailable, "not yet"));

        var failure = await FailureOf(Client().PutAsync(new ProbeRequest()));

        failure.StatusCode.ShouldBe(StatusCode.Unavailable);
        failure.Detail.ShouldBe("not yet");
        _server.Calls.ShouldBe(3);
    }

    [Theory]
    [InlineData("-1", 1)]
    [InlineData("never", 1)]
    [InlineData("0", 3)]
    public async Task A_service_that_says_it_stays_unavailable_is_not_asked_again(string pushback, int asked)
    {
        _server.Answer = (_, context) =>
        {
            context.ResponseTrailers.Add("grpc-retry-pushback-ms", pushback);
            throw new RpcException(new Status(StatusCode.Unavailable, "not for a while"));
        };

        (await FailureOf(Client().PutAsync(new ProbeRequest()))).Detail.ShouldBe("not for a while");
        _server.Calls.ShouldBe(asked);
    }

    [Theory]
    [InlineData(StatusCode.Internal)]
    [InlineData(StatusCode.ResourceExhausted)]
    [InlineData(StatusCode.DeadlineExceeded)]
    public async Task Nothing_but_unavailable_is_sent_again(StatusCode status)
    {
        _server.Answer = (_, _) => throw new RpcException(new Status(status, "no"));

        (await FailureOf(Client().PutAsync(new ProbeRequest()))).StatusCode.ShouldBe(status);
        _server.Calls.ShouldBe(1);
    }

    [Fact]
    public async Task A_call_cancelled_between_attempts_ends_as_cancelled()
    {
        using var cancellation = new CancellationTokenSource();
        _server.Answer = (_, _) => throw new RpcException(new Status(StatusCode.Unavailable, "not yet"));
        var client = Client(options => options.RetryDelay = TimeSpan.FromMinutes(10));

        var deadline = TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(5);
        var call = client.PutAsync(new ProbeRequest(), deadline: deadline, cancellationToken: cancellation.Token);
        cancellation.CancelAfter(TimeSpan.FromMilliseconds(200));

        (await FailureOf(call)).StatusCode.ShouldBe(StatusCode.Cancelled);
    }

    [Fact]
    public async Task An_unexpected_failure_reaches_the_caller_without_its_detail()
    {
        _server.Answer = (_, _) => throw new InvalidOperationException("password=geheim");

        var failure = await FailureOf(Client().PostAsync(new ProbeRequest()));

        failure.StatusCode.ShouldBe(StatusCode.Internal);
        failure.Detail.ShouldNotContain("geheim");
    }

    [Fact]
    public async Task A_failure_of_a_stream_loses_its_detail_too()
    {
        _server.Answer = (_, _) => throw new InvalidOperationException("password=geheim");

        using var call = Client().Watch(new ProbeRequest());
        var failure = await Should.ThrowAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None));

        failure.StatusCode.ShouldBe(StatusCode.Internal);
        failure.Status.Detail.ShouldNotContain("geheim");
    }

    [Fact]
    public async Task A_database_out_of_reach_is_unavailable()
    {
        _server.Answer = (_, _) => throw new InvalidOperationException("EF says", new OutOfReach());

        (await FailureOf(Client().PostAsync(new ProbeRequest()))).StatusCode.ShouldBe(StatusCode.Unavailable);
    }

    [Fact]
    public async Task So_is_one_whose_socket_failed_without_the_drivers_word()
    {
        _server.Answer = (_, _) => throw new System.Net.Sockets.SocketException((int)System.Net.Sockets.SocketError.HostNotFound);

        (await FailureOf(Client().PostAsync(new ProbeRequest()))).StatusCode.ShouldBe(StatusCode.Unavailable);
    }

    [Fact]
    public async Task A_handler_that_gives_up_is_cancelled_not_failed()
    {
        _server.Answer = (_, _) => throw new OperationCanceledException();

        (await FailureOf(Client().PostAsync(new ProbeRequest()))).StatusCode.ShouldBe(StatusCode.Cancelled);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("not an address")]
    public async Task A_service_without_an_address_stops_the_start_and_is_named(string? address)
    {
        using var host = ClientHost(address, configure: null);

        var failure = await Should.ThrowAsync<OptionsValidationException>(() => host.StartAsync());

        failure.Message.ShouldContain("services:probe:grpc:0");
    }

    [Fact]
    public async Task Messages_up_to_the_configured_size_pass_both_ways()
    {
        var text = new string('x', 5 * 1024 * 1024);
        await using var host = await TestHost.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton(new ProbeBehaviour { Answer = (_, _) => Task.FromResult(text) });
                builder.AddGrpcDefaults(options => options.MaxReceiveMessageSize = 6 * 1024 * 1024);
            },
            app => app.MapGrpcService<ProbeService>(),
            HttpProtocols.Http2);

        var large = Client(host.Address, options => options.MaxMessageBytes = 6 * 1024 * 1024);
        (await large.PostAsync(new ProbeRequest { Text = text })).Text.Length.ShouldBe(text.Length);

        (await FailureOf(Client(host.Address).PostAsync(new ProbeRequest()))).StatusCode.ShouldBe(StatusCode.ResourceExhausted);
    }

    private static AsyncUnaryCall<ProbeReply> Call(Probe.Probe.ProbeClient client, string method) =>
        method == "Read" ? client.ReadAsync(new ProbeRequest()) : client.PutAsync(new ProbeRequest());

    private static async Task<Status> FailureOf(AsyncUnaryCall<ProbeReply> call) =>
        (await Should.ThrowAsync<RpcException>(() => call.ResponseAsync)).Status;

    private Probe.Probe.ProbeClient Client(Action<GrpcServiceClientOptions>? configure = null) => Client(_host.Address, configure);

    private Probe.Probe.ProbeClient Client(Uri address, Action<GrpcServiceClientOptions>? configure = null)
    {
        var host = ClientHost(address.ToString(), configure);
        _clients.Add(host);
        return host.Services.GetRequiredService<Probe.Probe.ProbeClient>();
    }

    private static WebApplication ClientHost(string? address, Action<GrpcServiceClientOptions>? configure)
    {
        var builder = address is null ? TestHost.Builder() : TestHost.Builder(settings: ("services:probe:grpc:0", address));
        builder.AddGrpcServiceClient<Probe.Probe.ProbeClient>("probe", configure);
        return builder.Build();
    }

    private sealed class OutOfReach : System.Data.Common.DbException
    {
        public override bool IsTransient => true;
    }
}

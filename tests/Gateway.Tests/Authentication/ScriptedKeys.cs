using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;
using Grpc.Core;
using Grpc.Net.Client;
using LlmGateway.Protos.Keys.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LlmGateway.Gateway.Tests.Authentication;

/// <summary>
/// The other side of the contract on a socket, answering at the moment and in the order that a test wants: what Keys.Service itself would
/// do only now and then.
/// </summary>
internal sealed class ScriptedKeys : KeysApi.KeysApiBase, IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly GrpcChannel _channel;
    private readonly Channel<WatchRevocationsRequest> _watches = Channel.CreateUnbounded<WatchRevocationsRequest>();
    private volatile Channel<RevocationsReply> _messages = Channel.CreateUnbounded<RevocationsReply>();

    private ScriptedKeys()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        _app = builder.Build();
        _app.MapGrpcService<ScriptedKeys>();
        _app.StartAsync().GetAwaiter().GetResult();
        _channel = GrpcChannel.ForAddress(_app.Urls.Single());
        Client = new(_channel);
    }

    public KeysApi.KeysApiClient Client { get; }

    public string Address => _app.Urls.Single();

    public ConcurrentQueue<VerifyRequest> Asked { get; } = new();

    public ConcurrentQueue<KeyUse> Used { get; } = new();

    /// <summary>Everybody is known, as of position 0, unless a test says otherwise.</summary>
    public Func<PresentedSecret, Verification> Judge { get; set; } = presented => Known(presented.Secret);

    public Func<VerifyRequest, Task<long>> Position { get; set; } = _ => Task.FromResult(0L);

    public bool IsDown { get; set; }

    public int CountOf(string secret) => Asked.Sum(request => request.Secrets.Count(presented => presented.Secret == secret));

    public static ScriptedKeys Start() => new();

    public static VerifiedKey Key(string secret) =>
        new() { KeyId = $"id of {secret}", AccountId = "a", TariffId = "t", MaskedKey = "sk-...", Role = Role.Account };

    public static Verification Known(string secret) => new() { Key = Key(secret) };

    public static Verification Refused(RefusalReason reason) => new() { Refusal = new Refusal { Reason = reason } };

    public override async Task<VerifyReply> Verify(VerifyRequest request, ServerCallContext context)
    {
        Asked.Enqueue(request);
        FailIfDown();
        var reply = new VerifyReply { Position = await Position(request) };
        FailIfDown();
        reply.Verifications.AddRange(request.Secrets.Select(Judge));
        return reply;
    }

    public override async Task WatchRevocations(
        WatchRevocationsRequest request, IServerStreamWriter<RevocationsReply> responseStream, ServerCallContext context)
    {
        FailIfDown();
        var messages = _messages;
        _watches.Writer.TryWrite(request);
        await foreach (var message in messages.Reader.ReadAllAsync(context.CancellationToken))
        {
            await responseStream.WriteAsync(message, context.CancellationToken);
        }
    }

    public override Task<RecordUseReply> RecordUse(RecordUseRequest request, ServerCallContext context)
    {
        FailIfDown();
        foreach (var use in request.Uses)
        {
            Used.Enqueue(use);
        }

        return Task.FromResult(new RecordUseReply());
    }

    public void Say(RevocationsReply message) => _messages.Writer.TryWrite(message);

    /// <summary>Ends the stream that is open.</summary>
    public void Hang()
    {
        var ended = _messages;
        _messages = Channel.CreateUnbounded<RevocationsReply>();
        ended.Writer.Complete();
    }

    /// <summary>The next call of WatchRevocations.</summary>
    public async Task<WatchRevocationsRequest> WatchAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        return await _watches.Reader.ReadAsync(limit.Token);
    }

    public async ValueTask DisposeAsync()
    {
        _messages.Writer.TryComplete();
        _channel.Dispose();
        await _app.DisposeAsync();
    }

    private void FailIfDown()
    {
        if (IsDown)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "down"));
        }
    }
}

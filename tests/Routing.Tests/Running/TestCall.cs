using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Tests.Running;

/// <summary>A call as the gateway makes it. The defaults are a valid stream of an account of its own.</summary>
internal sealed record TestCall(string Model)
{
    private static int _accounts;

    public string Account { get; init; } = "account-" + Interlocked.Increment(ref _accounts);

    public string RequestId { get; init; } = "req_" + Guid.NewGuid().ToString("N")[..26];

    public bool Stream { get; init; } = true;

    public bool IncludeUsage { get; init; }

    public long? MaxTokens { get; init; }

    public string Prompt { get; init; } = "Say hello to the world";

    public string? Body { get; init; }

    public Dialect Dialect { get; init; } = Dialect.OpenaiChat;

    public Limits? Limits { get; init; }

    public int ClientRetries { get; init; }

    /// <summary>Tokens that are held for the prompt.</summary>
    public long HeldPrompt => ChatRequest.Read(ToRequest().Body.Memory, out _, out _)!.PromptBound;

    internal ChatRequest WithPrefill(string text) => ChatRequest.Read(ToRequest().Body.Memory, out _, out _)!.WithPrefill(text.TrimEnd());

    public CompleteRequest ToRequest()
    {
        var body = Body ?? JsonSerializer.Serialize(new Dictionary<string, object?>
        {
            ["model"] = Model,
            ["messages"] = new[] { new { role = "user", content = Prompt } },
            ["max_tokens"] = MaxTokens,
        }.Where(member => member.Value is not null).ToDictionary());
        var request = new CompleteRequest
        {
            RequestId = RequestId,
            AccountId = Account,
            KeyId = "00000000-0000-0000-0000-000000000001",
            Dialect = Dialect,
            Body = ByteString.CopyFromUtf8(body),
            Model = Model,
            Stream = Stream,
            IncludeUsage = IncludeUsage,
            Limits = Limits,
            ClientRetries = ClientRetries,
        };
        if (MaxTokens is { } maximum)
        {
            request.MaxOutputTokens = maximum;
        }

        return request;
    }

    /// <param name="host">Where to.</param>
    /// <param name="onContent">Called with each chunk.</param>
    /// <param name="cancellationToken">The client leaves.</param>
    public async Task<TestAnswer> RunAsync(RoutingHost host, Action? onContent = null, CancellationToken cancellationToken = default)
    {
        var events = new List<CompleteEvent>();
        using var call = host.Client.Complete(ToRequest(), deadline: Deadline, cancellationToken: cancellationToken);
        while (await call.ResponseStream.MoveNext(cancellationToken))
        {
            events.Add(call.ResponseStream.Current);
            if (call.ResponseStream.Current.Chunk is not null)
            {
                onContent?.Invoke();
            }
        }

        return new TestAnswer(events);
    }

#pragma warning disable RS0030 // A gRPC deadline is a wall-clock time.
    public static DateTime Deadline => DateTime.UtcNow.AddSeconds(60);
#pragma warning restore RS0030
}

/// <summary>What a call sent, and that it kept the order that the proto promises.</summary>
internal sealed class TestAnswer
{
    public TestAnswer(IReadOnlyList<CompleteEvent> events)
    {
        Kinds = string.Concat(events.Select(item => item.EventCase switch
        {
            CompleteEvent.EventOneofCase.Started => 'S',
            CompleteEvent.EventOneofCase.Chunk => 'c',
            CompleteEvent.EventOneofCase.Ended => 'E',
            CompleteEvent.EventOneofCase.Failed => 'F',
            _ => '?',
        }));
        Kinds.ShouldMatch("^(S?F|Sc+[EF])$");
        Started = events[0].Started;
        Ended = events[^1].Ended;
        Failed = events[^1].Failed;
        Chunks = [.. events.Where(item => item.Chunk is not null).SelectMany(item => item.Chunk.Events).Select(json => Encoding.UTF8.GetString(json.Span))];
    }

    public string Kinds { get; }

    public Started? Started { get; }

    public Ended? Ended { get; }

    public Failed? Failed { get; }

    /// <summary>The JSON of each event.</summary>
    public IReadOnlyList<string> Chunks { get; }

    public string Text => string.Concat(Chunks.Select(Delta));

    public JsonElement Last => JsonDocument.Parse(Chunks[^1]).RootElement;

    private static string Delta(string json)
    {
        var root = JsonDocument.Parse(json).RootElement;
        return root.GetProperty("choices").GetArrayLength() > 0
            && root.GetProperty("choices")[0].GetProperty("delta").TryGetProperty("content", out var content) ? content.GetString() ?? "" : "";
    }
}

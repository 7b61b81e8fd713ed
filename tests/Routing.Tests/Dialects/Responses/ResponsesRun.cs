using System.Text;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Tests.Dialects.Responses;

/// <summary>Answers to a client that speaks Responses, without a provider and without a bill.</summary>
internal static class ResponsesRun
{
    public const string Body =
        """{"model":"gpt-x","input":"Hi","instructions":"Be brief.","temperature":0.5,"metadata":{"a":"b"},"tools":[{"type":"function","name":"f"}],"user":null}""";

    public static Deployment Deployment { get; } = new()
    {
        Id = "openai/gpt-5.6",
        ModelName = "gpt-x",
        Provider = "openai",
        UpstreamModel = "gpt-5.6",
        Adapter = "openai",
    };

    public static Call Call(Dialect dialect = Dialect.OpenaiResponses, string body = Body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        return new Call
        {
            RequestId = "req_01",
            AccountId = "a",
            KeyId = "k",
            Model = "gpt-x",
            Stream = true,
            IncludeUsage = true,
            Request = ClientRequests.Read(dialect, bytes).Chat!,
            Client = new ClientBody(dialect, bytes),
            StartedAt = DateTimeOffset.FromUnixTimeSeconds(1_763_683_200),
            StartedTimestamp = 0,
        };
    }

    public static UsageMeter Meter() => new(promptBytes: 40, promptExtra: 0);

    /// <summary>Reads to the end. An answer that is whole is settled for 7 nano-dollars.</summary>
    public static async Task<Result> ReadAsync(IAnswerStream stream, UsageMeter meter)
    {
        using var disposed = stream;
        var events = new List<string>();
        var step = StreamStep.More;
        var hasContent = false;
        while (step == StreamStep.More)
        {
            step = await stream.ReadAsync(CancellationToken.None);
            hasContent |= stream.HasContent;
            events.AddRange(stream.Events.Select(item => Encoding.UTF8.GetString(item.Span)));
        }

        var relayed = events.Count;
        if (step == StreamStep.Ended)
        {
            events.AddRange(stream.Close(meter.Read(), costNanoUsd: 7, includeUsage: true).Select(item => Encoding.UTF8.GetString(item.Span)));
        }

        return new Result(step, events, events[relayed..], meter.Read(), stream.Fault, hasContent);
    }

    /// <param name="Events">All, in their order.</param>
    /// <param name="Settled">Those of them that waited for the settlement.</param>
    public sealed record Result(
        StreamStep Step, IReadOnlyList<string> Events, IReadOnlyList<string> Settled, TokenUsage Usage, CallFault? Fault, bool HasContent);
}

using System.Text;
using System.Text.Json;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Providers;
using LlmGateway.Routing.Providers.OpenAi;
using LlmGateway.Routing.Streaming;
using LlmGateway.Routing.Tests.Dialects.Responses;
using LlmGateway.Routing.Tests.Streaming;

namespace LlmGateway.Routing.Tests.Providers.OpenAi;

/// <summary>
/// OpenAI's Responses wire behind other clients, a set of files a case: responses-NAME.request.json, a chat request for the model that it names,
/// and .upstream.json, what OpenAI gets or which field it cannot do (of a case whose name begins with "dropped-", from a deployment that
/// drops what it cannot do); .sse, a stream, with .chunks, OpenAI's chat, and .native, what a client that speaks Responses itself gets;
/// .answer.json, a whole answer, with .completion.json and .native.json.
/// </summary>
public sealed class ResponsesGoldenTests
{
    private static readonly Golden Golden = new("Providers/OpenAi/Golden");

    public static TheoryData<string> Requests => Golden.Cases(".request.json");

    public static TheoryData<string> Streams => Golden.Cases(".sse");

    public static TheoryData<string> Answers => Golden.Cases(".answer.json");

    [Theory]
    [MemberData(nameof(Requests))]
    public void A_chat_request_becomes_a_Responses_body(string name)
    {
        using var output = new PooledBuffer(256);
        var unsupported = new ResponsesWire(Request(Golden.Read(name + ".request.json"), name.Contains("-dropped-", StringComparison.Ordinal))).Write(output);

        (unsupported is not null).ShouldBe(name.Contains("-refused-", StringComparison.Ordinal));
        Golden.ShouldMatchJson(name + ".upstream.json", unsupported is null ? output.WrittenMemory : Encoding.UTF8.GetBytes($"\"{unsupported}\""));
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task A_stream_becomes_chat(string name)
    {
        var read = await ResponsesStreams.TranslatedAsync(Golden.Read(name + ".sse"));

        Golden.ShouldMatchLines(name + ".chunks", Lines(read));
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task A_stream_passes_to_a_client_that_speaks_Responses(string name)
    {
        var read = await ResponsesStreams.NativeAsync(Golden.Read(name + ".sse"));

        Golden.ShouldMatchLines(name + ".native", Lines(read));
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public void A_whole_answer_becomes_chat(string name)
    {
        var (json, fault) = new ResponsesAnswer(ResponsesRun.Deployment).Translate(Golden.Read(name + ".answer.json"));

        Golden.ShouldMatchJson(name + ".completion.json", fault is null ? json : Json(fault));
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public void A_whole_answer_passes_to_a_client_that_speaks_Responses(string name)
    {
        var meter = ResponsesRun.Meter();
        var judged = ResponsesStream.Judge(Golden.Read(name + ".answer.json"), ResponsesRun.Deployment, meter);

        Golden.ShouldMatchJson(
            name + ".native.json", judged.Fault is { } fault ? Json(fault) : ResponsesStream.WithCost(judged.Json, meter.Read(), costNanoUsd: 7));
    }

    internal static ProviderRequest Request(byte[] body, bool drops = false, Dialect dialect = Dialect.OpenaiChat, long? maximum = null)
    {
        var model = JsonDocument.Parse(body).RootElement.GetProperty("model").GetString()!;
        var deployment = ResponsesRun.Deployment with { UpstreamModel = model, DropParams = drops };
        return new ProviderRequest(deployment, ClientRequests.Read(dialect, body).Chat!, Stream: false, maximum, () => { })
        {
            Client = new ClientBody(dialect, body),
        };
    }

    private static IEnumerable<string> Lines(ResponsesRun.Result read) =>
        [.. read.Events, .. read.Fault is { } fault ? [Encoding.UTF8.GetString(Json(fault))] : Array.Empty<string>()];

    private static byte[] Json(CallFault fault) =>
        Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new { Failure = fault.Failure.ToString(), fault.Code, fault.Message }));
}

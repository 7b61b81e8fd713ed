using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Providers;
using LlmGateway.Routing.Providers.Gemini;
using LlmGateway.Testing;

namespace LlmGateway.Routing.Tests.Providers.Gemini;

/// <summary>
/// Gemini's wire, a set of files a case: NAME.request.json, a client's chat request for the model that it names, and NAME.upstream.json, what
/// Gemini gets or why it gets nothing (of a case whose name begins with "dropped-", from a deployment that drops what it cannot do);
/// NAME.sse, a stream, and NAME.chunks, OpenAI's; NAME.answer.json, a whole answer, and NAME.completion.json, OpenAI's.
/// </summary>
public sealed partial class GeminiGoldenTests
{
    private static readonly Golden Golden = new("Providers/Gemini/Golden");

    public static TheoryData<string> Requests => Golden.Cases(".request.json");

    public static TheoryData<string> Streams => Golden.Cases(".sse");

    public static TheoryData<string> Answers => Golden.Cases(".answer.json");

    [Theory]
    [MemberData(nameof(Requests))]
    public void A_chat_request_becomes_Geminis(string name)
    {
        using var output = new PooledBuffer(256);
        var fault = GeminiWire.Write(Request(Golden.Read(name + ".request.json"), name.StartsWith("dropped-", StringComparison.Ordinal)), output);

        Golden.ShouldMatchJson(name + ".upstream.json", fault is null ? output.WrittenMemory : Json(fault));
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task A_stream_becomes_OpenAIs(string name)
    {
        var read = await GeminiStream.ReadAsync(Golden.Read(name + ".sse"));

        Golden.ShouldMatchLines(name + ".chunks", read.Chunks.Select(WithoutMinted));
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public void A_whole_answer_becomes_OpenAIs(string name)
    {
        var (json, fault) = new GeminiAnswer(GeminiStream.Deployment, new FakeTime()).Translate(Golden.Read(name + ".answer.json"));

        var text = Encoding.UTF8.GetString(fault is null ? json.Span : Json(fault).Span);
        Golden.ShouldMatchJson(name + ".completion.json", Encoding.UTF8.GetBytes(WithoutMinted(text)));
    }

    internal static ProviderRequest Request(byte[] body, bool drops = false)
    {
        var chat = ChatRequest.Read(body, out var problem, out _);
        chat.ShouldNotBeNull(problem);
        using var document = JsonDocument.Parse(body);
        var deployment = GeminiStream.Deployment with { UpstreamModel = document.RootElement.GetProperty("model").GetString()!, DropParams = drops };
        var stream = document.RootElement.TryGetProperty("stream", out var value) && value.GetBoolean();
        return new ProviderRequest(deployment, chat, stream, null, () => { }) { Client = new ClientBody(Dialect.OpenaiChat, body) };
    }

    private static ReadOnlyMemory<byte> Json(CallFault fault) =>
        JsonSerializer.SerializeToUtf8Bytes(new { refused = fault.Name, fault.Param, fault.Code, fault.Message });

    private static string WithoutMinted(string text) => Minted().Replace(text, "${kind}minted");

    [GeneratedRegex("(?<kind>call_|chatcmpl-)[0-9a-f]{24,32}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Minted();
}

using System.Text;
using System.Text.Json;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Providers;
using LlmGateway.Routing.Providers.Anthropic;

namespace LlmGateway.Routing.Tests.Providers.Anthropic;

/// <summary>R43: what Anthropic gets and what is made of its answers, case by case as files.</summary>
public sealed class AnthropicGoldenTests
{
    private static readonly Golden Files = new("Providers/Anthropic/Golden");

    public static TheoryData<string> Requests => Files.Cases(".request.json");

    public static TheoryData<string> Streams => Files.Cases(".sse");

    public static TheoryData<string> Answers => Files.Cases(".answer.json");

    /// <summary>The request's model is the provider's, and its own "drop_params" the deployment's.</summary>
    [Theory]
    [MemberData(nameof(Requests))]
    public void Request(string name)
    {
        var chat = ChatRequest.Read(Files.Read(name + ".request.json"), out var problem, out _);
        chat.ShouldNotBeNull(problem);
        using var document = JsonDocument.Parse(chat.Body);
        var model = document.RootElement.GetProperty("model").GetString()!;
        var deployment = Deployment(model) with { DropParams = document.RootElement.Member("drop_params"u8) is not null };
        var maxTokens = chat.MaxOutputTokens ?? AnthropicModel.Of(model).MaxOutputTokens;
        using var body = new PooledBuffer(64);

        var written = AnthropicWire.Write(chat, deployment, document.RootElement.Member("stream"u8) is not null, maxTokens, body);

        Files.ShouldMatchJson(name + ".upstream.json", written.Fault is { } fault ? Json(fault) : body.WrittenMemory);
        written.AnswersByTool.ShouldBe(name.StartsWith("json-schema-by-tool", StringComparison.Ordinal));
    }

    /// <summary>The chunks that a client gets, its usage chunk, and how the answer ended.</summary>
    [Theory]
    [MemberData(nameof(Streams))]
    public async Task Stream(string name)
    {
        var read = await AnthropicStream.ReadAsync(Files.Read(name + ".sse"), ByTool(name));

        Files.ShouldMatchLines(name + ".chunks", read.Lines);
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public void Answer(string name)
    {
        var translator = new AnthropicAnswer(Deployment("claude-opus-4-8"), ByTool(name), created: 1_763_683_200);

        var (json, fault) = Translate(translator, Files.Read(name + ".answer.json"));

        Files.ShouldMatchJson(name + ".completion.json", fault is null ? json : Json(fault));
    }

    internal static Deployment Deployment(string model) => new()
    {
        Id = "anthropic/" + model,
        ModelName = "claude",
        Provider = "anthropic",
        UpstreamModel = model,
        Adapter = "anthropic",
        Keys = [new ProviderKey("sk-ant-very-secret")],
    };

    private static (ReadOnlyMemory<byte> Json, CallFault? Fault) Translate(AnthropicAnswer translator, byte[] answer)
    {
        try
        {
            return translator.Translate(answer);
        }
        catch (JsonException e)
        {
            return (JsonSerializer.SerializeToUtf8Bytes(new { unreadable = e.Message }), null);
        }
    }

    private static bool ByTool(string name) => name.StartsWith("json-by-tool", StringComparison.Ordinal);

    private static byte[] Json(CallFault fault) =>
        Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new { failure = fault.Name, fault.Code, fault.Param, fault.Message }));
}

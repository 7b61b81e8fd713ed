using System.Text;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Providers;
using LlmGateway.Routing.Providers.Anthropic;
using LlmGateway.Routing.Providers.Gemini;
using LlmGateway.Routing.Providers.OpenAi;
using LlmGateway.Testing;

namespace LlmGateway.Routing.Tests.Providers;

/// <summary>
/// The table of docs/providers.md: what becomes of each feature of a chat request at each provider (R43). It is made by writing the request with the feature and
/// without it, so that it says what the code does; UPDATE_GOLDEN=1 writes it there.
/// </summary>
public sealed class FeatureMatrixTests
{
    private const string Begin = "<!-- The table is made by FeatureMatrixTests: UPDATE_GOLDEN=1 writes it. -->";
    private const string End = "<!-- The table ends here. -->";
    private const string Tool = """{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{}}}}""";
    private const string Called =
        """{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"weather","arguments":"{}"}},{"id":"call_2","type":"function","function":{"name":"weather","arguments":"{}"}}]},{"role":"tool","tool_call_id":"call_1","content":"rain"},{"role":"tool","tool_call_id":"call_2","content":"sun"}""";

    private const string Pixel = "data:image/png;base64,iVBORw0KGgo=";

    private static readonly string Path = System.IO.Path.Combine(RepositoryRoot.Path, "docs", "providers.md");

    private static readonly (string Name, string Provider, string Model, ModelMode Mode)[] Columns =
    [
        ("OpenAI gpt-4.1", ProviderName.OpenAi, "gpt-4.1", ModelMode.Chat),
        ("OpenAI gpt-5", ProviderName.OpenAi, "gpt-5", ModelMode.Chat),
        ("OpenAI gpt-5-pro (Responses)", ProviderName.OpenAi, "gpt-5-pro", ModelMode.Responses),
        ("vLLM and others", ProviderName.Vllm, "llama", ModelMode.Chat),
        ("Claude Opus 4.8", ProviderName.Anthropic, "claude-opus-4-8", ModelMode.Chat),
        ("Claude 3 Haiku", ProviderName.Anthropic, "claude-3-haiku-20240307", ModelMode.Chat),
        ("Gemini 3.6", ProviderName.Gemini, "gemini-3.6-flash", ModelMode.Chat),
        ("Gemini 2.5", ProviderName.Gemini, "gemini-2.5-flash", ModelMode.Chat),
    ];

    // Members of the request, or messages after the user's; each beside what it needs.
    private static readonly (string Name, string With, string Without)[] Features =
    [
        ("system message", Messages("""{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}"""), Messages(User("\"Hi\""))),
        ("developer message", Messages("""{"role":"developer","content":"Be brief."},{"role":"user","content":"Hi"}"""), Messages(User("\"Hi\""))),
        ("image as data", Messages(User("""[{"type":"text","text":"Hi"},{"type":"image_url","image_url":{"url":"PIXEL"}}]""")), Messages(User("""[{"type":"text","text":"Hi"}]"""))),
        ("image by https address", Messages(User("""[{"type":"text","text":"Hi"},{"type":"image_url","image_url":{"url":"https://example.org/a.png"}}]""")), Messages(User("""[{"type":"text","text":"Hi"}]"""))),
        ("PDF as data", Messages(User("""[{"type":"text","text":"Hi"},{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERg=="}}]""")), Messages(User("""[{"type":"text","text":"Hi"}]"""))),
        ("audio", Messages(User("""[{"type":"text","text":"Hi"},{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}]""")), Messages(User("""[{"type":"text","text":"Hi"}]"""))),
        ("tools", With($"\"tools\":[{Tool}]"), With("")),
        ("tool_choice required", With($"\"tools\":[{Tool}],\"tool_choice\":\"required\""), With($"\"tools\":[{Tool}]")),
        ("tool_choice of one function", With($"\"tools\":[{Tool}],\"tool_choice\":{{\"type\":\"function\",\"function\":{{\"name\":\"weather\"}}}}"), With($"\"tools\":[{Tool}]")),
        ("parallel_tool_calls false", With($"\"tools\":[{Tool}],\"parallel_tool_calls\":false"), With($"\"tools\":[{Tool}]")),
        ("parallel calls and their results", Messages(User("\"Hi\"") + "," + Called, $"\"tools\":[{Tool}]"), Messages(User("\"Hi\""), $"\"tools\":[{Tool}]")),
        ("json_schema", With("""{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}}}""", "response_format"), With("")),
        ("json_object", With("""{"type":"json_object"}""", "response_format"), With("")),
        ("max_completion_tokens", With("50", "max_completion_tokens"), With("")),
        ("stop", With("[\"END\"]", "stop"), With("")),
        ("temperature", With("0.5", "temperature"), With("")),
        ("top_p", With("0.5", "top_p"), With("")),
        ("seed", With("7", "seed"), With("")),
        ("presence_penalty", With("0.5", "presence_penalty"), With("")),
        ("logit_bias", With("{\"50\":10}", "logit_bias"), With("")),
        ("logprobs", With("true", "logprobs"), With("")),
        ("n", With("2", "n"), With("")),
        ("reasoning_effort", With("\"low\"", "reasoning_effort"), With("")),
        ("user", With("\"u1\"", "user"), With("")),
        ("an unknown field", With("1", "some_new_field"), With("")),
    ];

    [Fact]
    public void The_table_of_the_documentation_is_what_the_code_does()
    {
        var text = File.ReadAllText(Path);
        var (begin, end) = (text.IndexOf(Begin, StringComparison.Ordinal), text.IndexOf(End, StringComparison.Ordinal));
        begin.ShouldBeGreaterThan(0);
        var table = Table();
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(Path, text[..begin] + Begin + "\n" + table + text[end..]);
            return;
        }

        text[(begin + Begin.Length + 1)..end].ShouldBe(table);
    }

    private static string Table()
    {
        var table = new StringBuilder($"| | {string.Join(" | ", Columns.Select(column => column.Name))} |\n|---|{string.Concat(Enumerable.Repeat("---|", Columns.Length))}\n");
        foreach (var (name, with, without) in Features)
        {
            table.Append($"| {name} | {string.Join(" | ", Columns.Select(column => Cell(column.Provider, column.Model, column.Mode, with, without)))} |\n");
        }

        return table.ToString();
    }

    private static string Cell(string provider, string model, ModelMode mode, string with, string without)
    {
        var deployment = new Deployment { Id = model, ModelName = model, Provider = provider, UpstreamModel = model, Adapter = provider, Mode = mode };
        var (body, refused) = Write(deployment, with);
        return refused ? "refused" : body == Write(deployment, without).Body ? "left out" : "yes";
    }

    private static (string Body, bool Refused) Write(Deployment deployment, string body)
    {
        var chat = ChatRequest.Read(Encoding.UTF8.GetBytes(body.Replace("PIXEL", Pixel, StringComparison.Ordinal)), out _, out _)!;
        var request = new ProviderRequest(deployment, chat, Stream: false, MaxTokens: 1000, () => { }) { Client = new ClientBody(Dialect.OpenaiChat, chat.Body) };
        using var output = new PooledBuffer(1024);
        var refused = deployment.Provider switch
        {
            ProviderName.Anthropic => AnthropicWire.Write(chat, deployment, stream: false, maxTokens: chat.MaxOutputTokens ?? 1000, output).Fault is not null,
            ProviderName.Gemini => GeminiWire.Write(request, output) is not null,
            _ when ResponsesCall.Takes(request) => new ResponsesWire(request).Write(output) is not null,
            _ => false,
        };
        if (deployment.Provider is ProviderName.OpenAi or ProviderName.Vllm && !ResponsesCall.Takes(request))
        {
            OpenAiWire.Write(chat, deployment, stream: false, chat.MaxOutputTokens is null ? 1000 : null, output);
        }

        return (Encoding.UTF8.GetString(output.WrittenMemory.Span), refused);
    }

    private static string User(string content) => $$"""{"role":"user","content":{{content}}}""";

    private static string Messages(string messages, string members = "") => $$"""{"model":"m","messages":[{{messages}}]{{(members.Length > 0 ? "," + members : "")}}}""";

    private static string With(string members) => Messages(User("\"Hi\""), members);

    private static string With(string value, string member) => With($"\"{member}\":{value}");
}

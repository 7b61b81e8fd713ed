using System.Text;
using System.Text.Json;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects.Messages;
using LlmGateway.Routing.Providers;
using LlmGateway.Routing.Providers.OpenAi;

namespace LlmGateway.Routing.Tests.Providers;

/// <summary>What OpenAI gets of a request that was made for Anthropic.</summary>
public sealed class OpenAiPlainTests
{
    private const string Body = """
        {"model":"m","max_tokens":100,"temperature":0.5,"top_p":0.9,"top_k":4,"thinking":{"type":"enabled","budget_tokens":2000},"stop_sequences":["a","b","c","d","e"],
         "tools":[{"name":"f","input_schema":{"type":"object","properties":{"cache_control":{"type":"string"},"is_error":{"type":"boolean"}}},"cache_control":{"type":"ephemeral"}}],
         "messages":[
           {"role":"user","content":[{"type":"text","text":"Hi","cache_control":{"type":"ephemeral"}}]},
           {"role":"assistant","content":[{"type":"thinking","thinking":"Hm","signature":"c2ln"},{"type":"tool_use","id":"t","name":"f","input":{"is_error":true}}]},
           {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"no","is_error":true,"cache_control":{"type":"ephemeral"}}]}]}
        """;

    [Fact]
    public void Members_that_only_others_know_are_left_out_and_a_tools_own_are_not() => Plain("openai", "gpt-4o").ShouldBe(
        """{"model":"m","max_tokens":100,"messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]},{"role":"assistant","content":null,"tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{\"is_error\":true}"}}]},{"role":"tool","tool_call_id":"t","content":"no"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"cache_control":{"type":"string"},"is_error":{"type":"boolean"}}}}}],"temperature":0.5,"top_p":0.9,"stop":["a","b","c","d"]}""");

    [Theory]
    [InlineData("openai", "gpt-4o", false)]
    [InlineData("azure", "gpt-4o", false)]
    [InlineData("openai", "gpt-5-mini", true)]
    [InlineData("openai_compatible", "llama", true)]
    public void An_effort_is_for_models_that_may_reason(string provider, string model, bool there) =>
        Plain(provider, model).Contains("\"reasoning_effort\":\"low\"", StringComparison.Ordinal).ShouldBe(there);

    [Fact]
    public void A_client_of_the_chat_API_gets_what_it_wrote()
    {
        var request = Request("openai", "gpt-4o", Dialect.OpenaiChat);

        OpenAiPlain.Of(request).ShouldBeSameAs(request);
    }

    private static string Plain(string provider, string model) => Encoding.UTF8.GetString(OpenAiPlain.Of(Request(provider, model, Dialect.AnthropicMessages)).Chat.Body.Span);

    private static ProviderRequest Request(string provider, string model, Dialect dialect)
    {
        var body = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(JsonDocument.Parse(Body)));
        var deployment = new Deployment { Id = "d", ModelName = "m", Provider = provider, UpstreamModel = model, Adapter = "openai" };
        return new ProviderRequest(deployment, MessagesRequest.Read(body).Chat!, Stream: false, MaxTokens: null, () => { }) { Client = new ClientBody(dialect, body) };
    }
}

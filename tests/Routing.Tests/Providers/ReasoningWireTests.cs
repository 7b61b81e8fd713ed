using System.Buffers;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Providers.OpenAi;
using LlmGateway.Routing.Tests.Dialects;

namespace LlmGateway.Routing.Tests.Providers;

public sealed class ReasoningWireTests
{
    [Fact]
    public void What_clients_always_send_is_left_out_and_the_rest_stays_byte_for_byte() =>
        Write("gpt-5", """{ "model": "a", "messages":[{"role":"user","content":"\u00e9"}], "temperature":0.7, "top_p" :1, "logit_bias":{"1":2}, "user":"u", "max_tokens": 100 }""")
            .ShouldBe("""{"model":"gpt-5","stream":false,"max_completion_tokens":100,"messages":[{"role":"user","content":"\u00e9"}],"user":"u"}""");

    [Fact]
    public void Without_reasoning_sampling_stays() =>
        Write("gpt-5.2", """{"temperature":0.7,"reasoning_effort":"none","messages":[]}""")
            .ShouldBe("""{"model":"gpt-5.2","stream":false,"reasoning_effort":"none","temperature":0.7,"messages":[]}""");

    [Fact]
    public void A_system_message_is_the_developers_and_a_text_that_looks_like_one_is_not() =>
        Write("o3", """{"messages":[{"content":"\"role\":\"system\"","role" : "system"},{"role":"user","content":[{"type":"text","text":"x","role":"system"}]}]}""")
            .ShouldBe("""{"model":"o3","stream":false,"messages":[{"content":"\"role\":\"system\"","role" : "developer"},{"role":"user","content":[{"type":"text","text":"x","role":"system"}]}]}""");

    [Theory]
    [InlineData("gpt-5.6-sol", null, "none")]
    [InlineData("gpt-5.6-sol", "high", "none")]
    [InlineData("gpt-5.5", "high", "none")]
    [InlineData("gpt-5.5", null, null)]
    [InlineData("gpt-5.1", "high", "high")]
    public void Functions_beside_reasoning_that_the_chat_endpoint_refuses_go_without_it(string model, string? asked, string? sent)
    {
        const string Tools = "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],\"tool_choice\":\"auto\"}";

        Write(model, "{" + Effort(asked) + Tools).ShouldBe($"{{\"model\":\"{model}\",\"stream\":false," + Effort(sent) + Tools);

        static string Effort(string? effort) => effort is null ? "" : $"\"reasoning_effort\":\"{effort}\",";
    }

    [Theory]
    [InlineData("gpt-5", "none", "minimal")]
    [InlineData("gpt-5", "max", "high")]
    [InlineData("gpt-5.1", "minimal", "none")]
    [InlineData("gpt-5.6-luna", "max", "max")]
    [InlineData("gpt-6-astra", "none", "low")]
    [InlineData("o4-mini", "xhigh", "high")]
    [InlineData("gpt-5", "enormous", "enormous")]
    public void An_effort_that_the_model_has_not_becomes_the_nearest(string model, string asked, string sent) =>
        OpenAiModel.Of(model)!.Effort(asked, hasTools: false).ShouldBe(sent);

    [Theory]
    [InlineData("\"\\ud800\"")]
    [InlineData("7")]
    [InlineData("{\"x\":1}")]
    [InlineData("null")]
    public void What_is_no_effort_at_all_is_not_sent(string effort) => Write("gpt-5", "{\"reasoning_effort\":" + effort + ",\"stop\":\"x\"}")
        .ShouldBe("""{"model":"gpt-5","stream":false,"stop":"x"}""");

    [Theory]
    [InlineData("gpt-4o")]
    [InlineData("gpt-4.1-mini")]
    [InlineData("gpt-3.5-turbo")]
    [InlineData("gpt-5-chat-latest")]
    [InlineData("gpt-oss-120b")]
    [InlineData("chatgpt-4o-latest")]
    [InlineData("omni-moderation")]
    public void Models_that_do_not_reason_have_no_rules(string model) => OpenAiModel.Of(model).ShouldBeNull();

    [Fact]
    public void A_name_that_is_not_known_yet_has_the_newest_rules() => OpenAiModel.Of("gpt-7-turbo").ShouldBe(OpenAiModel.Of("gpt-6"));

    [Fact]
    public void A_choice_of_tools_without_tools_is_left_out() =>
        Write("gpt-5", """{"tools":[],"tool_choice":"none","parallel_tool_calls":false}""").ShouldBe("""{"model":"gpt-5","stream":false,"tools":[]}""");

    [Theory]
    [InlineData("""{"max_tokens":5,"max_completion_tokens":7}""", null, 7)]
    [InlineData("""{"max_tokens":5,"max_completion_tokens":null}""", null, 5)]
    [InlineData("""{"max_tokens":null}""", 9L, 9)]
    public void One_maximum_is_sent(string body, long? held, int sent)
    {
        var json = JsonDocument.Parse(Write("gpt-5", body, maxTokens: held)).RootElement;

        json.GetProperty("max_completion_tokens").GetInt32().ShouldBe(sent);
        json.TryGetProperty("max_tokens", out _).ShouldBeFalse();
    }

    [Fact]
    public void An_azure_deployment_has_the_rules_of_its_base_model() =>
        Write("house", """{"temperature":1}""", provider: ProviderName.Azure, pricedAs: "gpt-5").ShouldBe("""{"model":"house","stream":false}""");

    [Fact]
    public void Other_servers_models_of_the_same_name_have_no_rules() =>
        Write("gpt-5", """{"temperature":1}""", provider: ProviderName.LiteLlm).ShouldBe("""{"model":"gpt-5","temperature":1}""");

    [Fact]
    public void Any_order_of_members_gives_valid_json_without_a_member_twice()
    {
        string[] members =
        [
            "\"model\":\"a\"", "\"stream\":null", "\"stream_options\":{\"x\":1}", "\"max_tokens\":null", "\"temperature\":1 ", "\"tool_choice\":\"a\"",
            "\"reasoning_effort\":\"low\"", "\"messages\": [ {\"role\":\"system\"} ]", "\"max_completion_tokens\":3", "\"tools\":[{}]", "\"z\":{\"temperature\":1}",
        ];

        Check.QuickThrowOnFailure(Prop.ForAll<int>(seed =>
        {
            var random = new Random(seed);
            var chosen = members.Where(_ => random.Next(2) == 0).ToArray();
            random.Shuffle(chosen);
            var sent = JsonDocument.Parse(Write("gpt-5.6", "{" + string.Join(" ,\n", chosen) + "}", stream: true)).RootElement;
            var names = sent.EnumerateObject().Select(member => member.Name).ToList();
            return names.Distinct().Count() == names.Count && !names.Contains("max_tokens")
                && sent.GetProperty("stream").GetBoolean() && sent.GetProperty("stream_options").GetProperty("include_usage").GetBoolean();
        }));
    }

    [Theory]
    [InlineData("fallbacks")]
    [InlineData("models")]
    [InlineData("route")]
    [InlineData("provider")]
    [InlineData("api_base")]
    [InlineData("mock_response")]
    [InlineData("mock_testing_fallbacks")]
    [InlineData("user_config")]
    [InlineData("custom_llm_provider")]
    [InlineData("input_cost_per_token")]
    [InlineData("tags")]
    public void A_field_by_which_another_gateway_would_choose_for_itself_is_found(string field)
    {
        var escaped = "\\u00" + ((int)field[0]).ToString("x2", System.Globalization.CultureInfo.InvariantCulture) + field[1..];

        Find($$"""{"messages":[{"{{field}}":1}],"{{field}}":null}""", ProviderName.LiteLlm).ShouldBe(field);
        Find($$"""{"{{escaped}}":1}""", ProviderName.OpenAiCompatible).ShouldBe(field);
        Find($$"""{"{{field}}":1}""", ProviderName.LlmServer).ShouldBe(field);
        Find($$"""{"{{field}}":1}""", ProviderName.OpenAi, "http://gateway.local/v1/").ShouldBe(field);
        Find($$"""{"{{field}}":1}""", ProviderName.OpenAi, "https://api.openai.com.example.org/v1/").ShouldBe(field);
        Find($$"""{"{{field}}":1}""", ProviderName.OpenAi, "https://api.openai.com/v1/").ShouldBeNull();
        Find($$"""{"{{field}}":1}""", ProviderName.Azure, "https://mine.openai.azure.com/openai/").ShouldBeNull();
        Find($$"""{"\ud83d":1,"{{field}}":1}""", ProviderName.LiteLlm).ShouldBe(field);
        Find($$$"""{"messages":[{"{{{field}}}":1}],"metadata":{"{{{field}}}":1}}""", ProviderName.LiteLlm).ShouldBeNull();
    }

    [Theory]
    [InlineData(ProviderName.Azure, "2024-10-21", "http://r/openai/deployments/d/chat/completions?api-version=2024-10-21", "api-key: k")]
    [InlineData(ProviderName.Azure, null, "http://r/openai/deployments/d/chat/completions", "api-key: k")]
    [InlineData(ProviderName.OpenAi, null, "http://r/openai/deployments/d/chat/completions", "Authorization: Bearer k")]
    public void Azure_has_a_version_in_its_address_and_a_header_of_its_own(string provider, string? version, string address, string header)
    {
        var deployment = Of("d", provider) with
        {
            BaseAddress = new Uri("http://r/openai/deployments/d/"),
            ApiVersion = version,
            Keys = ProviderKey.Split("k"),
        };
        using var message = new HttpRequestMessage();

        OpenAiEndpoint.Authorize(message, deployment);

        OpenAiEndpoint.Address(deployment, "chat/completions").AbsoluteUri.ShouldBe(address);
        message.Headers.ToString().Trim().ShouldBe(header);
    }

    private static string? Find(string body, string provider, string address = "http://127.0.0.1:4000/") =>
        GatewayFields.Find(Encoding.UTF8.GetBytes(body), Of("m", provider) with { BaseAddress = new Uri(address) });

    private static string Write(
        string model, string body, bool stream = false, long? maxTokens = null, string provider = ProviderName.OpenAi, string? pricedAs = null)
    {
        var output = new ArrayBufferWriter<byte>();
        var deployment = Of(model, provider) with { PricedAs = pricedAs is null ? null : new() { Provider = "openai", Model = pricedAs } };
        OpenAiWire.Write(ChatRequestTests.Read(body), deployment, stream, maxTokens, output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private static Deployment Of(string model, string provider) =>
        new() { Id = "d", ModelName = "a", Provider = provider, UpstreamModel = model, Adapter = "openai" };
}

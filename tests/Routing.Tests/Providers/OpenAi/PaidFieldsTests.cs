using System.Text;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Providers;
using LlmGateway.Routing.Providers.OpenAi;

namespace LlmGateway.Routing.Tests.Providers.OpenAi;

/// <summary>What no hold covers, and text that no writer can read, is refused before a provider is called.</summary>
public sealed class PaidFieldsTests
{
    [Theory]
    [InlineData(""" "service_tier":"priority" """, "service_tier")]
    [InlineData(""" "service\u005ftier":"scale" """, "service_tier")]
    [InlineData(""" "service_tier":"auto","service_tier":"\ud83d" """, "service_tier")]
    [InlineData(""" "service_tier":1 """, "service_tier")]
    [InlineData(""" "service_tier":"flex" """, null)]
    [InlineData(""" "service_tier":"def\u0061ult" """, null)]
    [InlineData(""" "service_tier":null,"audio":null,"modalities":null,"tools":null,"web_search_options":null """, null)]
    [InlineData(""" "web_search_options":{} """, "web_search_options")]
    [InlineData(""" "search_parameters":{"mode":"auto"} """, "search_parameters")]
    [InlineData(""" "audio":{"voice":"alloy","format":"wav"} """, "audio")]
    [InlineData(""" "modalities":["text","audio"] """, "modalities")]
    [InlineData(""" "modalities":["text"],"metadata":{"audio":"x","service_tier":"priority"} """, null)]
    [InlineData(""" "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}},{"type":"custom","custom":{"name":"c"}}] """, null)]
    [InlineData(""" "tools":[{"type":"function","function":{"name":"f"}},{"type":"web_search"}] """, "tools")]
    [InlineData(""" "tools":[{"type":"function","type":"web_search"}] """, "tools")]
    [InlineData(""" "tools":[{"googleSearch":{}}] """, "tools")]
    [InlineData(""" "tools":["web_search"] """, "tools")]
    [InlineData(""" "messages":[{"role":"user","content":[{"type":"file","file":{"filename":"a","file_id":"file-1"}}]}] """, "messages")]
    [InlineData(""" "messages":[{"role":"user","content":[{"type":"file","file":{"x":{"y":1},"file\u005fid":"file-1"}}]}] """, "messages")]
    [InlineData(""" "messages":[{"role":"user","content":[{"type":"file","file":{"file_data":"data:,x","file_id":null}}]}] """, null)]
    [InlineData(""" "messages":[{"role":"user","content":"\"file\":{\"file_id\":1}"},{"role":"assistant","content":"","annotations":[{"file_id":"f"}]}] """, null)]
    [InlineData(""" "\ud83d":"\ud83d" """, null)]
    [InlineData(""" "Service_Tier":"priority" """, "Service_Tier")]
    [InlineData(""" "\u017fervice_tier":"auto" """, "\u017fervice_tier")]
    [InlineData(""" "service_tier":"auto","AUDIO":{} """, "AUDIO")]
    [InlineData(""" "Web_Search_Options":{} """, "Web_Search_Options")]
    [InlineData(""" "Tools":[{"type":"function","function":{"name":"f"}}] """, "Tools")]
    [InlineData(""" "tools":[{"type":"function","Type":"web_search","function":{"name":"f"}}] """, "tools")]
    [InlineData(""" "tools":[{"type":"function","function":{"name":"f","parameters":{"Type":"object"}}}],"metadata":{"Audio":"x"} """, null)]
    public void A_field_that_costs_more_than_its_tokens_is_found(string members, string? field) =>
        PaidFields.Find(Encoding.UTF8.GetBytes($$"""{"model":"m",{{members}}}""")).ShouldBe(field);

    [Theory]
    [InlineData(Dialect.OpenaiChat, "gpt-4o", """ "messages":[{"role":"user","content":"x"}],"service_tier":"priority" """, "service_tier")]
    [InlineData(Dialect.OpenaiChat, "gpt-5.6", """ "messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f"}}],"audio":{} """, "audio")]
    [InlineData(Dialect.OpenaiResponses, "gpt-4o", """ "input":"x","service_tier":"priority" """, "service_tier")]
    [InlineData(Dialect.OpenaiResponses, "gpt-4o", """ "input":"x","modalities":["audio"] """, "modalities")]
    [InlineData(Dialect.OpenaiResponses, "gpt-4o", """ "input":"x","Service_Tier":"priority" """, "Service_Tier")]
    [InlineData(Dialect.OpenaiResponses, "gpt-4o", """ "input":"x" """, null)]
    internal void Every_way_to_OpenAI_refuses_it(Dialect dialect, string model, string members, string? field) =>
        (Refused(dialect, model, members)?.Param).ShouldBe(field);

    [Fact]
    public async Task Nothing_is_sent_then()
    {
        var body = """{"model":"m","messages":[{"role":"user","content":"x"}],"service_tier":"priority"}"""u8.ToArray();
        var request = new ProviderRequest(Deployment("gpt-4o", ProviderName.OpenAi), ChatRequest.Read(body, out _, out _)!, Stream: false, null, () => { })
        {
            Client = new ClientBody(Dialect.OpenaiChat, body),
        };

        // Without an exchange, whatever would be sent throws.
        var reply = await new OpenAiAdapter(null!).SendAsync(null!, request, CancellationToken.None);

        (reply.Body, reply.Fault?.Code, reply.Fault?.Param).ShouldBe((null, "unsupported_parameter", "service_tier"));
    }

    [Fact]
    public void A_server_that_has_no_Responses_gets_no_paid_tier_by_way_of_chat() =>
        Refused(Dialect.OpenaiResponses, "m", """ "input":"x","service_tier":"priority" """, ProviderName.OpenAiCompatible)!.Param.ShouldBe("service_tier");

    [Theory]
    [InlineData("gpt-5", ProviderName.OpenAi, "https://api.openai.com/v1/", true)]
    [InlineData("llama", ProviderName.OpenAiCompatible, "http://127.0.0.1/v1/", true)]
    [InlineData("gpt-4o", ProviderName.OpenAi, "https://api.openai.com/v1/", false)]
    public void Half_of_a_character_is_refused_where_a_writer_reads_it(string model, string provider, string address, bool refused)
    {
        var fault = Refused(Dialect.OpenaiChat, model, """ "messages":[{"role":"user","content":"x"}],"metadata":{"a":"\ud83d"} """, provider, address);

        (fault?.Code, fault?.Param).ShouldBe(refused ? ("invalid_value", "metadata") : (null, null));
    }

    [Fact]
    public void Half_of_a_character_of_an_embedding_is_refused()
    {
        var body = """{"model":"m","input":"x","user":"\ud83d"}"""u8.ToArray();
        var request = new ProviderRequest(Deployment("m", ProviderName.OpenAi), EmbeddingRequest.Read(body, out _, out _)!, Stream: false, null, () => { })
        {
            Client = new ClientBody(Dialect.OpenaiEmbeddings, body),
        };

        OpenAiRefusals.Find(request)!.Fault!.Param.ShouldBe("user");
    }

    private static CallFault? Refused(
        Dialect dialect, string model, string members, string provider = ProviderName.OpenAi, string address = "https://api.openai.com/v1/")
    {
        var body = Encoding.UTF8.GetBytes($$"""{"model":"{{model}}",{{members}}}""");
        var request = new ProviderRequest(Deployment(model, provider, address), ClientRequests.Read(dialect, body).Chat!, Stream: false, null, () => { })
        {
            Client = new ClientBody(dialect, body),
        };
        return OpenAiRefusals.Find(request)?.Fault;
    }

    private static Deployment Deployment(string model, string provider, string address = "https://api.openai.com/v1/") =>
        new() { Id = "d", ModelName = "a", Provider = provider, UpstreamModel = model, Adapter = ProviderName.OpenAi, BaseAddress = new Uri(address) };
}

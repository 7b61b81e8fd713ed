using System.Text;
using System.Text.Json;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Dialects.Messages;

namespace LlmGateway.Routing.Tests.Dialects.Messages;

public sealed class MessagesRequestTests
{
    private const string Text = """ "messages":[{"role":"user","content":"Hi"}] """;

    private static readonly Golden Files = new("Dialects/Messages/Golden");

    public static TheoryData<string> Cases => Files.Cases(".messages.json");

    [Theory]
    [MemberData(nameof(Cases))]
    public void Messages_become_a_chat_request(string name)
    {
        var read = MessagesRequest.Read(Files.Read(name + ".messages.json"));

        read.Fault.ShouldBeNull();
        Files.ShouldMatchJson(name + ".chat.json", read.Chat!.Body);
    }

    [Theory]
    [InlineData("""{"max_tokens":5}""", "messages")]
    [InlineData("""{"max_tokens":5,"messages":null}""", "messages")]
    [InlineData("""{"max_tokens":5,"messages":"Hi"}""", "messages")]
    [InlineData("""{"max_tokens":5,"messages":[]}""", "messages")]
    [InlineData("""{"max_tokens":5,"messages":["Hi"]}""", "messages.0")]
    [InlineData("""{"max_tokens":5,"messages":[{"content":"Hi"}]}""", "messages.0.role")]
    [InlineData("""{"max_tokens":5,"messages":[{"role":"tool","content":"Hi"}]}""", "messages.0.role")]
    [InlineData("""{"max_tokens":5,"messages":[{"role":"user"}]}""", "messages.0.content")]
    [InlineData("""{"max_tokens":5,"messages":[{"role":"user","content":{}}]}""", "messages.0.content")]
    [InlineData("""{"max_tokens":5,"messages":[{"role":"user","content":[1]}]}""", "messages.0.content.0")]
    [InlineData("""{"max_tokens":5,"messages":[{"role":"user","content":[{"text":"Hi"}]}]}""", "messages.0.content.0.type")]
    [InlineData("""{"max_tokens":5,"messages":[{"role":"user","content":[{"type":"text"}]}]}""", "messages.0.content.0.text")]
    [InlineData("""{"max_tokens":5,"messages":[{"role":"user","content":"a"},{"role":"user","content":[{"type":"text","text":"a"},{"type":"image","source":"x"}]}]}""", "messages.1.content.1.source")]
    [InlineData("""{"max_tokens":5,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","data":"AA"}}]}]}""", "messages.0.content.0.source.media_type")]
    [InlineData("""{"max_tokens":5,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"a,b","data":"AA"}}]}]}""", "messages.0.content.0.source.media_type")]
    [InlineData("""{"max_tokens":5,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"A\u0022A"}}]}]}""", "messages.0.content.0.source.data")]
    [InlineData("""{"max_tokens":5,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":"{}"}]}]}""", "messages.0.content.0.input")]
    [InlineData("""{"max_tokens":5,"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":1,"signature":"x"}]}]}""", "messages.0.content.0.thinking")]
    [InlineData("""{"max_tokens":5,"messages":[{"role":"user","content":[{"type":"tool_result","content":"x"}]}]}""", "messages.0.content.0.tool_use_id")]
    [InlineData("""{"max_tokens":5,"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"x","content":7}]}]}""", "messages.0.content.0.content")]
    [InlineData("""{"max_tokens":5,"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"x","content":[{"type":"text","text":7}]}]}]}""", "messages.0.content.0.content.0.text")]
    [InlineData("""{"max_tokens":5,"messages":[{"role":"user","content":[{"type":"text","text":"a","cache_control":true}]}]}""", "messages.0.content.0.cache_control")]
    [InlineData("""{"max_tokens":5,"messages":[{"role":"user","content":"\ud800"}]}""", "messages.0.content")]
    [InlineData("""{"max_tokens":5,"messages":[{"role":"user","content":"a","content":"b"}]}""", "messages.0.content")]
    [InlineData("""{"max_tokens":5,"max_t\u006fkens":9,"messages":[{"role":"user","content":"a"}]}""", "max_tokens")]
    [InlineData("""{"max_tokens":"5",""" + Text + "}", "max_tokens")]
    [InlineData("""{"max_tokens":-1,""" + Text + "}", "max_tokens")]
    [InlineData("""{"max_tokens":1.5,""" + Text + "}", "max_tokens")]
    [InlineData("""{"max_tokens":99999999999,""" + Text + "}", "max_tokens")]
    [InlineData("""{"max_tokens":5,"model":7,""" + Text + "}", "model")]
    [InlineData("""{"max_tokens":5,"system":7,""" + Text + "}", "system")]
    [InlineData("""{"max_tokens":5,"system":[{"type":"text"}],""" + Text + "}", "system.0.text")]
    [InlineData("""{"max_tokens":5,"temperature":"hot",""" + Text + "}", "temperature")]
    [InlineData("""{"max_tokens":5,"stop_sequences":"END",""" + Text + "}", "stop_sequences")]
    [InlineData("""{"max_tokens":5,"stop_sequences":[1],""" + Text + "}", "stop_sequences")]
    [InlineData("""{"max_tokens":5,"metadata":{"user_id":1},""" + Text + "}", "metadata.user_id")]
    [InlineData("""{"max_tokens":5,"tools":{},""" + Text + "}", "tools")]
    [InlineData("""{"max_tokens":5,"tools":[1],""" + Text + "}", "tools.0")]
    [InlineData("""{"max_tokens":5,"tools":[{"name":"f"}],""" + Text + "}", "tools.0.input_schema")]
    [InlineData("""{"max_tokens":5,"tools":[{"name":"f","input_schema":{}}],"tool_choice":{"type":"some"},""" + Text + "}", "tool_choice.type")]
    [InlineData("""{"max_tokens":5,"tools":[{"name":"f","input_schema":{}}],"tool_choice":{"type":"tool"},""" + Text + "}", "tool_choice.name")]
    [InlineData("""{"max_tokens":5,"thinking":{"type":"enabled"},""" + Text + "}", "thinking.budget_tokens")]
    [InlineData("""{"max_tokens":5,"output_config":{"format":{"type":"json_schema"}},""" + Text + "}", "output_config.format.schema")]
    [InlineData("""{"max_tokens":5,"tools":[{"type":"web_search_20250305","name":"web_search"}],""" + Text + "}", "tools.0.type")]
    [InlineData("""{"max_tokens":5,"tools":[{"type":"code_execution_20250825","name":"code_execution"}],""" + Text + "}", "tools.0.type")]
    [InlineData("""{"max_tokens":5,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"url","url":"https://x"}}]}]}""", "messages.0.content.0.source.type")]
    [InlineData("""{"max_tokens":5,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"file","file_id":"f"}}]}]}""", "messages.0.content.0.source.type")]
    [InlineData("[]", "")]
    [InlineData("{", "")]
    public void A_fault_is_named_with_its_place(string body, string param)
    {
        var (chat, fault) = Read(body);

        chat.ShouldBeNull();
        (fault!.Failure, fault.Param).ShouldBe((CallFailure.InvalidRequest, param));
        fault.Message.ShouldContain(param);
    }

    [Fact]
    public void Depth_is_bounded()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 60)) + string.Concat(Enumerable.Repeat("]", 60));

        Read($$"""{"max_tokens":5,"x":{{deep}},{{Text}}}""").Fault!.Message.ShouldContain("deeper than 60");
        Read($$"""{"max_tokens":5,"x":{{deep[1..^1]}},{{Text}}}""").Fault.ShouldBeNull();
    }

    [Fact]
    public void A_schema_of_the_greatest_depth_still_makes_a_chat_request()
    {
        var schema = string.Concat(Enumerable.Repeat("{\"a\":", 56)) + "{}" + new string('}', 56);

        Read($$"""{"max_tokens":5,"tools":[{"name":"f","input_schema":{{schema}}}],{{Text}}}""").Fault.ShouldBeNull();
    }

    [Theory]
    [InlineData("web_fetch_20250910")]
    [InlineData("advisor_20260301")]
    [InlineData("mcp_toolset")]
    [InlineData("bash")]
    [InlineData("future_20270101")]
    [InlineData("")]
    public void A_tool_that_may_run_at_Anthropic_is_refused(string type) =>
        Refused($$"""{"max_tokens":5,"tools":[{"type":"custom","name":"f","input_schema":{} },{"type":"{{type}}","name":"t"}],{{Text}}}""").ShouldBe("tools.1.type");

    [Theory]
    [InlineData("mcp_servers", """[{"type":"url"}]""")]
    [InlineData("container", "\"c\"")]
    [InlineData("fallbacks", """[{"model":"claude-opus-4-8"}]""")]
    [InlineData("fallback_credit_token", "\"t\"")]
    [InlineData("thread", "{}")]
    [InlineData("context_management", """{"edits":[]}""")]
    [InlineData("compaction", "true")]
    [InlineData("inference_geo", "\"us\"")]
    [InlineData("inferenc\\u0065_geo", "\"us\"")]
    [InlineData("speed", "\"fast\"")]
    [InlineData("speed", "1")]
    [InlineData("service_tier", "\"priority\"")]
    [InlineData("service_tier", "[]")]
    [InlineData("Model", "\"m\"")]
    [InlineData("Max_Tokens", "9")]
    [InlineData("\\u004dax_tokens", "9")]
    [InlineData("Stream", "true")]
    [InlineData("me\u017f\u017fages", "[]")]
    [InlineData("Fallbacks", "[]")]
    public void A_member_that_no_hold_covers_is_refused(string name, string value)
    {
        var param = JsonSerializer.Deserialize<string>($"\"{name}\"");

        Refused($$"""{"max_tokens":5,"{{name}}":{{value}},{{Text}}}""").ShouldBe(param);
    }

    [Theory]
    [InlineData("user", """{"type":"container_upload","file_id":"f"}""", "messages.0.content.0.type")]
    [InlineData("system", """{"type":"tool_addition","tool":{}}""", "messages.0.content.0.type")]
    [InlineData("assistant", """{"type":"tool_addition","tool":{}}""", "messages.0.content.0.type")]
    [InlineData("user", """{"type":"tool_result","tool_use_id":"x","content":[{"type":"container_upload","file_id":"f"}]}""", "messages.0.content.0.content.0.type")]
    public void A_block_that_brings_tools_or_files_is_refused(string role, string block, string field) =>
        Refused($$"""{"max_tokens":5,"messages":[{"role":"{{role}}","content":[{{block}}]}]}""").ShouldBe(field);

    [Theory]
    [InlineData("""{"role":"assistant","content":[{"type":"mcp_tool_use","id":"x","name":"f","input":{}}]}""", "messages.0.content.0.type")]
    [InlineData("""{"role":"user","content":[{"type":"search_result","source":"x","title":"y","content":[]}]}""", "messages.0.content.0.type")]
    [InlineData("""{"role":"user","content":[{"type":"image","source":{"type":"file","file_id":"x"}}]}""", "messages.0.content.0.source.type")]
    [InlineData("""{"role":"assistant","content":[{"type":"server_tool_use","id":"x","name":"web_search","input":{}}]}""", "messages.0.content.0.type")]
    public void A_block_without_a_counterpart_is_for_Anthropic_alone(string message, string field) =>
        Read($$"""{"max_tokens":5,"messages":[{{message}}]}""").NativeOnly.ShouldBe(field);

    [Theory]
    [InlineData("""{"max_tokens":5,"tools":[{"type":"bash_20250124","name":"bash"}],""", "tools.0.type")]
    [InlineData("""{"max_tokens":5,"tools":[{"type":"memory_20250818","name":"memory"}],""", "tools.0.type")]
    [InlineData("""{"max_tokens":5,"tools":[{"type":"tool_search_tool_regex_20251119","name":"s"}],""", "tools.0.type")]
    [InlineData("""{"max_tokens":5,"mcp_servers":[],"container":null,"speed":"standard","service_tier":"auto","future":{},""", null)]
    public void A_field_without_a_counterpart_is_for_Anthropic_alone(string head, string? field) =>
        Read(head + Text + "}").NativeOnly.ShouldBe(field);

    [Fact]
    public void The_hold_covers_what_the_chat_form_leaves_out()
    {
        var hidden = new string('x', 10_000);

        Bound($$"""{"max_tokens":5,"unknown":"{{hidden}}",{{Text}}}""").ShouldBeGreaterThan(5_000);
        Bound($$"""{"max_tokens":5,"messages":[{"role":"user","content":[{"type":"search_result","title":"{{hidden}}"}]}]}""").ShouldBeGreaterThan(5_000);
    }

    [Fact]
    public void Image_data_is_held_by_the_image_and_a_documents_by_its_size()
    {
        var data = new string('A', 100_000);

        Bound(Media("image", "image/png", data)).ShouldBeInRange(1_600, 2_000);
        Bound(Media("image", "image/png", data.Replace("A", "\\/", StringComparison.Ordinal))).ShouldBeInRange(1_600, 2_000);
        Bound(Media("document", "application/pdf", data)).ShouldBeInRange(50_000, 52_000);
    }

    [Fact]
    public void A_clients_escapes_are_held_as_what_they_stand_for() =>
        Bound($$"""{"max_tokens":5,"messages":[{"role":"user","content":"{{string.Concat(Enumerable.Repeat("\\u00e9", 1_000))}}"}]}""").ShouldBeLessThan(1_200);

    [Fact]
    public void Tools_are_held_with_the_prompt_that_comes_with_them() =>
        Bound("""{"max_tokens":5,"tools":[{"name":"f","input_schema":{}}],""" + Text + "}").ShouldBeGreaterThan(530);

    [Fact]
    public void A_body_whose_tokens_are_only_counted_has_no_maximum() => Read("{" + Text + "}").Chat!.MaxOutputTokens.ShouldBeNull();

    private static string? Refused(string body)
    {
        var fault = Read(body).Fault.ShouldNotBeNull();
        fault.Failure.ShouldBe(CallFailure.InvalidRequest);
        return fault.Param;
    }

    private static string Media(string type, string mediaType, string data) =>
        $$$"""{"max_tokens":5,"messages":[{"role":"user","content":[{"type":"{{{type}}}","source":{"type":"base64","media_type":"{{{mediaType}}}","data":"{{{data}}}"}}]}]}""";

    private static long Bound(string body) => Read(body).Chat!.PromptBound;

    private static ClientRequest Read(string body) => MessagesRequest.Read(Encoding.UTF8.GetBytes(body));
}

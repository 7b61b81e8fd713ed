using System.Text;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Tests.Dialects;

public sealed class ChatRequestTests
{
    [Fact]
    public void The_prompts_bound_is_half_its_texts_bytes_and_1600_an_image()
    {
        var request = Read(
            """
            {"model":"m","messages":[
              {"role":"system","content":"0123456789"},
              {"role":"user","content":[
                {"type":"text","text":"äöü"},
                {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","detail":"high"}}]},
              {"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{}"}}]}]}
            """);

        request.PromptBytes.ShouldBe(10 + 6 + 3);
        request.Images.ShouldBe(1);
        request.PromptBound.ShouldBe(10 + 1600);
    }

    [Fact]
    public void Escapes_count_as_what_they_stand_for()
    {
        var request = Read("""{"messages":[{"content":"a\n\u00e9\u4e16\ud83d\ude80\ud800"}]}""");

        request.PromptBytes.ShouldBe(1 + 1 + 2 + 3 + 4 + 2);
    }

    [Fact]
    public void Tools_are_part_of_the_prompt()
    {
        const string Tools = """[{"type":"function","function":{"name":"f"}}]""";

        Read($$"""{"messages":[],"tools":{{Tools}}}""").PromptBytes.ShouldBe(Tools.Length);
    }

    [Theory]
    [InlineData("""{"max_tokens":5}""", 5)]
    [InlineData("""{"max_completion_tokens":7}""", 7)]
    [InlineData("""{"max_tokens":5,"max_completion_tokens":9}""", 9)]
    [InlineData("""{"max_tokens":null}""", null)]
    [InlineData("{}", null)]
    public void The_larger_maximum_is_the_bound(string body, object? expected) =>
        Read(body).MaxOutputTokens.ShouldBe(expected is null ? null : Convert.ToInt64(expected));

    [Theory]
    [InlineData("""{"max_tokens":0}""", "max_tokens")]
    [InlineData("""{"max_tokens":-1}""", "max_tokens")]
    [InlineData("""{"max_tokens":1.5}""", "max_tokens")]
    [InlineData("""{"max_tokens":"5"}""", "max_tokens")]
    [InlineData("""{"max_completion_tokens":99999999999}""", "max_completion_tokens")]
    [InlineData("""{"n":0}""", "n")]
    [InlineData("""{"max_tokens":1,"max_tokens":100000}""", "max_tokens")]
    [InlineData("""{"n":1,"\u006e":100}""", "n")]
    [InlineData("""{"model":"a","model":"b"}""", "model")]
    [InlineData("[]", "")]
    [InlineData("""{"messages":[""", "")]
    public void What_would_make_the_hold_wrong_is_refused_by_name(string body, string field)
    {
        ChatRequest.Read(Encoding.UTF8.GetBytes(body), out var problem, out var param).ShouldBeNull();

        param.ShouldBe(field);
        problem.ShouldNotBeEmpty();
    }

    internal static ChatRequest Read(string body) =>
        ChatRequest.Read(Encoding.UTF8.GetBytes(body), out var problem, out _) ?? throw new InvalidOperationException(problem);
}

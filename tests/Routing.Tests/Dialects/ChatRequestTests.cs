using System.Text;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Tests.Dialects;

public sealed class ChatRequestTests
{
    [Fact]
    public void The_prompts_bound_is_half_the_bodys_bytes_8_a_message_and_1600_an_image_and_its_estimate_goes_by_the_text()
    {
        const string Image = "data:image/png;base64,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        const string Body =
            $$$"""
            {"model":"m","messages":[
              {"role":"system","content":"0123456789"},
              {"role":"user","content":[
                {"type":"text","text":"äöü"},
                {"type":"image_url","image_url":{"detail":"high","url":"{{{Image}}}"}}]},
              {"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{}"}}]}]}
            """;

        var request = Read(Body);

        request.PromptBytes.ShouldBe(10 + 6 + 3);
        request.Images.ShouldBe(1);
        request.PromptBound.ShouldBe(Half(Encoding.UTF8.GetByteCount(Body) - Image.Length) + (3 * 8) + 1600);
    }

    [Theory]
    [InlineData("functions")]
    [InlineData("tools")]
    [InlineData("response_format")]
    [InlineData("prediction")]
    [InlineData("some_future_member")]
    public void Whatever_may_reach_the_model_is_part_of_the_bound(string member)
    {
        var value = new string('x', 10_000);

        Read($$"""{"messages":[],"{{member}}":["{{value}}"]}""").PromptBound.ShouldBeGreaterThan(5000);
    }

    [Theory]
    [InlineData("\"file\":{\"file_data\":\"")]
    [InlineData("\"input_audio\":{\"format\":\"wav\",\"data\":\"")]
    [InlineData("\"video_url\":{\"url\":\"data:video/mp4;base64,")]
    [InlineData("\"made_up\":{\"url\":\"data:image/png;base64,")]
    public void What_is_no_image_is_bounded_by_its_size_and_no_text_of_the_estimate(string part)
    {
        var data = new string('A', 100_000);
        var request = Read($$$"""{"messages":[{"role":"user","content":[{"image_url":"data:image/png;base64,AA"},{"type":"x",{{{part}}}{{{data}}}"}}]}]}""");

        request.PromptBound.ShouldBeInRange(50_000, 54_000);
        request.PromptBytes.ShouldBe(0);
    }

    [Fact]
    public void Escapes_count_as_what_they_stand_for()
    {
        var request = Read("""{"messages":[{"content":"a\n\u00e9\u4e16\ud83d\ude80\ud800"}]}""");

        request.PromptBytes.ShouldBe(1 + 1 + 2 + 3 + 4 + 2);
        request.PromptBound.ShouldBe(Half(request.Body.Length - 34 + request.PromptBytes) + 8);
    }

    [Theory]
    [InlineData("tools")]
    [InlineData("functions")]
    public void Tools_are_part_of_the_estimate(string member)
    {
        const string Tools = """[{"type":"function","function":{"name":"f"}}]""";

        Read($$"""{"messages":[],"{{member}}":{{Tools}}}""").PromptBytes.ShouldBe(Tools.Length);
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
    [InlineData("""{"max_tokens":1,"Max_Tokens":100000}""", "Max_Tokens")]
    [InlineData("""{"MODEL":"b"}""", "MODEL")]
    [InlineData("""{"\u004d\u0065\u0073\u0073\u0061\u0067\u0065\u0073":[]}""", "Messages")]
    [InlineData("""{"Stream":true}""", "Stream")]
    [InlineData("""{"stream_Options":{}}""", "stream_Options")]
    [InlineData("""{"MAX_COMPLETION_TOKENS":5}""", "MAX_COMPLETION_TOKENS")]
    [InlineData("""{"N":5}""", "N")]
    [InlineData("""{"Tools":[]}""", "Tools")]
    [InlineData("""{"functionS":[]}""", "functionS")]
    [InlineData("""{"max_to\u212aens":5}""", "max_to\u212aens")]
    [InlineData("""{"tool\u017f":[]}""", "tool\u017f")]
    [InlineData("[]", "")]
    [InlineData("""{"messages":[""", "")]
    public void What_would_make_the_hold_wrong_is_refused_by_name(string body, string field)
    {
        ChatRequest.Read(Encoding.UTF8.GetBytes(body), out var problem, out var param).ShouldBeNull();

        param.ShouldBe(field);
        problem.ShouldNotBeEmpty();
    }

    private static long Half(long bytes) => (bytes + 1) / 2;

    internal static ChatRequest Read(string body) =>
        ChatRequest.Read(Encoding.UTF8.GetBytes(body), out var problem, out _) ?? throw new InvalidOperationException(problem);
}

using System.Text;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Tests.Dialects;

public sealed class EmbeddingRequestTests
{
    [Theory]
    [InlineData("\"Grüße\"", 1, 7, false)]
    [InlineData("""["ab","cdé"]""", 2, 6, false)]
    [InlineData("[1,2,3]", 1, 12, true)]
    [InlineData("[[1,2],[3]]", 2, 12, true)]
    [InlineData("""["\u00e9"]""", 1, 2, false)]
    public void Inputs_of_every_form_are_counted(string input, int count, long promptBytes, bool tokens)
    {
        var request = Read($$"""{"model":"m","input":{{input}},"future":{"x":1} }""", out _).ShouldNotBeNull();

        (request.Count, request.PromptBytes, request.IsTokens).ShouldBe((count, promptBytes, tokens));
        (request.MaxOutputTokens, request.Choices, request.IsBase64, request.Dimensions).ShouldBe((0, 1, false, null));
    }

    [Fact]
    public void More_is_held_than_there_can_be_tokens()
    {
        // A token takes a byte of text at least, and two bytes as a number.
        var numbers = string.Join(',', Enumerable.Repeat("7", 1000));
        Read($$"""{"model":"m","input":[{{numbers}}]}""", out _)!.PromptBound.ShouldBeGreaterThanOrEqualTo(1000);
        Read($$"""{"model":"m","input":"{{new string('x', 1000)}}"}""", out _)!.PromptBound.ShouldBeInRange(500, 530);
        Read("""{"model":"m","input":"\u0065\u0065\u0065\u0065"}""", out _)!.PromptBound
            .ShouldBe(Read("""{"model":"m","input":"eeee"}""", out _)!.PromptBound);
    }

    [Fact]
    public void The_format_and_the_dimensions_are_read()
    {
        var request = Read("""{"input":"a","encoding_format":"base64","dimensions":256}""", out _).ShouldNotBeNull();

        (request.IsBase64, request.Dimensions).ShouldBe((true, 256));
    }

    [Theory]
    [InlineData("""{"model":"m"}""", "input")]
    [InlineData("""{"input":[]}""", "input")]
    [InlineData("""{"input":null}""", "input")]
    [InlineData("""{"input":[1,"a"]}""", "input")]
    [InlineData("""{"input":[["a"]]}""", "input")]
    [InlineData("""{"input":[{}]}""", "input")]
    [InlineData("""{"input":"a","input":"b"}""", "input")]
    [InlineData("""{"model":"m","model":"n","input":"a"}""", "model")]
    [InlineData("""{"input":"a","Model":"dear"}""", "Model")]
    [InlineData("""{"input":"a","encoding_format":"int8"}""", "encoding_format")]
    [InlineData("""{"input":"a","encoding_format":3}""", "encoding_format")]
    [InlineData("""{"input":"a","dimensions":0}""", "dimensions")]
    [InlineData("""{"input":"a","dimensions":1.5}""", "dimensions")]
    [InlineData("""{"input":"a"} x""", "")]
    [InlineData("""["a"]""", "")]
    public void What_cannot_be_used_is_named(string body, string field)
    {
        Read(body, out var param).ShouldBeNull();

        param.ShouldBe(field);
    }

    [Fact]
    public void Half_a_character_is_no_text()
    {
        var request = Read("""{"input":["a","\ud83d"]}""", out _).ShouldNotBeNull();

        Should.Throw<FieldException>(request.Texts).Field.ShouldBe("input");
    }

    private static EmbeddingRequest? Read(string body, out string param) => EmbeddingRequest.Read(Encoding.UTF8.GetBytes(body), out _, out param);
}

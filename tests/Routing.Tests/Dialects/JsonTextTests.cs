using System.Text;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Tests.Dialects;

public sealed class JsonTextTests
{
    [Theory]
    [InlineData("""{"a":"\ud83d\ude80 \\ud83d \u0041 \n"}""", null)]
    [InlineData("""{"a":1,"b":["\ud83d"]}""", "b")]
    [InlineData("""{"a":"\ude80"}""", "a")]
    [InlineData("""{"a":"\ud83d\u0041"}""", "a")]
    [InlineData("""{"a":"\ud83d\\ude80"}""", "a")]
    [InlineData("""{"a":{"\uD83D":1}}""", "a")]
    [InlineData("""{"a":"\\\ud83d"}""", "a")]
    public void Halves_of_characters_are_found(string json, string? name) => JsonText.FindBroken(Encoding.UTF8.GetBytes(json)).ShouldBe(name);

    [Fact]
    public void Bytes_that_are_no_text_are_found() => JsonText.FindBroken([.. "{\"a\":1,\"b\":\""u8, 0xC3, .. "\"}"u8]).ShouldBe("b");
}

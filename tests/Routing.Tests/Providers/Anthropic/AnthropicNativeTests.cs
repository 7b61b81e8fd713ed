using System.Buffers;
using System.Text;
using LlmGateway.Routing.Providers.Anthropic;

namespace LlmGateway.Routing.Tests.Providers.Anthropic;

public sealed class AnthropicNativeTests
{
    [Fact]
    public void A_body_of_anthropics_own_goes_on_as_it_is() =>
        Write("""{ "future" : {"a":[1e3, null]}, "max_tokens":100, "model":"alias","messages": [{"role":"user","content":"Hi \u00e9"}] , "stream":true}""", stream: false, 4096)
            .ShouldBe("""{"model":"claude-opus-4-8","stream":false,"max_tokens":100,"future" : {"a":[1e3, null]},"messages": [{"role":"user","content":"Hi \u00e9"}]}""");

    [Theory]
    [InlineData("""{"max_tokens":5000}""", 4096)]
    [InlineData("""{"max_tokens":null}""", 4096)]
    [InlineData("""{"max_tokens":0}""", 0)]
    [InlineData("{}", 4096)]
    public void No_more_is_asked_for_than_is_held(string body, long sent) =>
        Write(body, stream: true, 4096).ShouldBe($$"""{"model":"claude-opus-4-8","stream":true,"max_tokens":{{sent}}}""");

    private static string Write(string body, bool stream, long maxTokens)
    {
        var output = new ArrayBufferWriter<byte>();
        AnthropicNative.Write(Encoding.UTF8.GetBytes(body), AnthropicGoldenTests.Deployment("claude-opus-4-8"), stream, maxTokens, output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}

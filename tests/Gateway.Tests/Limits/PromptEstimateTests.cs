using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Gateway.Limits;

namespace LlmGateway.Gateway.Tests.Limits;

/// <summary>What of a prompt is text, at a token every four bytes, and what is data, at a fixed number.</summary>
public sealed class PromptEstimateTests
{
    private const int Long = 400_000;

    private static readonly string Data = new('A', Long);

    [Fact]
    public void A_text_is_about_a_token_every_four_bytes() =>
        Of("""{"messages":[{"content":"aaaabbbbccccdddd"}]}""").ShouldBeInRange(5, 12);

    [Theory]
    [InlineData("""{"messages":[{"content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,@"}}]}]}""")]
    [InlineData("""{"messages":[{"content":[{"type":"input_audio","input_audio":{"data":"@","format":"wav"}}]}]}""")]
    [InlineData("""{"messages":[{"content":[{"type":"file","file":{"file_data":"data:application/pdf;base64,@"}}]}]}""")]
    [InlineData("""{"input":[{"content":[{"type":"input_image","image_url":"data:image/png;base64,@"}]}]}""")]
    [InlineData("""{"input":[{"content":[{"type":"input_file","file_data":"@"}]}]}""")]
    [InlineData("""{"messages":[{"content":[{"type":"image","source":{"type":"base64","data":"@"}}]}]}""")]
    [InlineData("""{"messages":[{"content":[{"type":"image","source":{"data":"@","type":"base64"}}]}]}""")]
    [InlineData("""{"messages":[{"content":[{"type":"tool_result","content":[{"type":"image","source":{"type":"base64","data":"@"}}]}]}]}""")]
    public void Data_where_a_request_has_data_is_a_fixed_number(string body) => Of(body.Replace("@", Data, StringComparison.Ordinal)).ShouldBeInRange(1_600, 1_640);

    [Theory]
    [InlineData("""{"messages":[{"content":"@"}]}""")]
    [InlineData("""{"messages":[{"content":"data:@"}]}""")]
    [InlineData("""{"messages":[{"content":"data:text/plain;base64,@"}]}""")]
    [InlineData("""{"messages":[{"content":[{"type":"text","text":"data:image/png;base64,@"}]}]}""")]
    [InlineData("""{"messages":[{"content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,@ and words"}}]}]}""")]
    [InlineData("""{"messages":[{"content":[{"type":"document","source":{"type":"text","data":"@"}}]}]}""")]
    [InlineData("""{"messages":[{"content":[{"type":"document","source":{"data":"@"}}]}]}""")]
    [InlineData("""{"messages":[{"content":[{"type":"tool_use","input":{"image_url":{"url":"data:image/png;base64,@"}}}]}]}""")]
    [InlineData("""{"messages":[{"content":[{"type":"tool_use","input":{"source":{"type":"base64","data":"@"}}}]}]}""")]
    [InlineData("""{"tools":[{"input_audio":{"data":"@"}}]}""")]
    [InlineData("""{"input":"data:image/png;base64,@"}""")]
    [InlineData("""{"input":["@"]}""")]
    public void Whatever_else_a_client_writes_is_text_however_it_looks(string body) =>
        Of(body.Replace("@", Data, StringComparison.Ordinal)).ShouldBeInRange(Long / 4, (Long / 4) + 40);

    [Fact]
    public void No_text_counts_less_than_its_length() => Check.QuickThrowOnFailure(Prop.ForAll(
        Gen.Elements("data:", "data:image/png;base64,", "", "AAAA", "word ", "=", "\"", "\u20ac").ArrayOf().ToArbitrary(),
        Gen.Choose(1, 5_000).ToArbitrary(),
        (parts, times) =>
        {
            var text = string.Concat(parts) + new string('A', times);
            return Of(JsonSerializer.Serialize(new { messages = new[] { new { role = "user", content = text } } })) > Encoding.UTF8.GetByteCount(text) / 4;
        }));

    private static long Of(string body) => PromptEstimate.Of(Encoding.UTF8.GetBytes(body));
}

using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Tests.Dialects;

public sealed class EmbeddingFormatTests
{
    [Fact]
    public void Numbers_become_the_bytes_of_little_endian_floats_and_back() => Check.QuickThrowOnFailure(Prop.ForAll<int[], int[]>((first, second) =>
    {
        var numbers = Answer(Json(first), Json(second));
        var base64 = Translate(numbers, base64: true);

        Floats(base64, 1).ShouldBe(second.Select(value => (float)value));
        Translate(base64, base64: false).ShouldBe(numbers);
        return true;
    }));

    [Fact]
    public void What_has_the_form_already_stays_byte_for_byte()
    {
        const string Written = """{ "data": [ {"embedding": [ 1e-2 , 0.50 ], "index":0} ] , "x":{"embedding":"y"} }""";

        Translate(Written, base64: false).ShouldBe(Written);
    }

    [Fact]
    public void Every_float_comes_back_as_it_was() =>
        Translate(Answer("\"" + Convert.ToBase64String(BitConverter.GetBytes(0.1f)) + "\"", "[]"), base64: false).ShouldContain("\"embedding\":[0.1]");

    [Theory]
    [InlineData("\"not base64\"", false)]
    [InlineData("\"AADAfw==\"", false)] // NaN
    [InlineData("5", false)]
    [InlineData("null", true)]
    [InlineData("[\"x\"]", true)]
    [InlineData("[[1]]", true)]
    public void What_is_no_vector_is_no_answer(string vector, bool base64) =>
        Should.Throw<Exception>(() => Translate(Answer(vector, "[]"), base64)).ShouldBeAssignableTo<Exception>()
            .ShouldSatisfyAllConditions(e => (e is JsonException or InvalidOperationException).ShouldBeTrue(e.GetType().Name));

    private static string Answer(string first, string second) =>
        $$"""{"object":"list","data":[{"object":"embedding","index":0,"embedding":{{first}}},{"index":1,"embedding":{{second}}}],"usage":{"prompt_tokens":1} }""";

    private static string Json(int[] values) => $"[{string.Join(',', values.Select(value => ((float)value).ToString("R", System.Globalization.CultureInfo.InvariantCulture)))}]";

    private static IEnumerable<float> Floats(string json, int index)
    {
        var bytes = JsonDocument.Parse(json).RootElement.GetProperty("data")[index].GetProperty("embedding").GetBytesFromBase64();
        return bytes.Chunk(sizeof(float)).Select(four => BitConverter.ToSingle(four));
    }

    private static string Translate(string answer, bool base64) =>
        Encoding.UTF8.GetString(new EmbeddingFormat(base64).Translate(Encoding.UTF8.GetBytes(answer)).Json.Span);
}

using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Tests.Streaming;

/// <summary>The law of a resumed answer: what the client reads is one whole answer, or the beginning of the first one and nothing else.</summary>
public sealed class SentTextTests
{
    private static readonly ChatPlace Place = new(Chunk("first"));

    [Fact]
    public void However_two_equal_answers_are_cut_the_client_reads_the_text_once() => Check.QuickThrowOnFailure(
        Prop.ForAll<NonEmptyString, int[], int[]>((text, first, second) =>
        {
            var answer = Valid(text.Get);
            var sent = new SentText();
            sent.Begin(prefilled: false);
            var pieces = Cut(answer, first);
            var before = pieces[..(1 + ((first.Length + second.Length) % pieces.Length))];
            var read = string.Concat(before.Select(piece => Take(sent, piece)));
            sent.BreakOff(Place);
            sent.Begin(prefilled: false);
            var after = Cut(answer, second).Select(piece => Take(sent, piece)).ToList();
            return !sent.IsResumable || read + string.Concat(after) == answer;
        }));

    [Fact]
    public void Another_answer_is_refused_wherever_it_differs() => Check.QuickThrowOnFailure(
        Prop.ForAll<NonEmptyString, PositiveInt>((text, at) =>
        {
            var answer = "a" + Valid(text.Get);
            var sent = new SentText();
            sent.Begin(prefilled: false);
            Take(sent, answer);
            sent.BreakOff(Place);
            sent.Begin(prefilled: false);
            var place = at.Get % answer.Length;
            var other = answer[..place] + (char)(answer[place] ^ 1) + answer[(place + 1)..];
            return Given(sent, Chunk(Valid(other))).Fault is not null || Valid(other) == answer;
        }));

    [Fact]
    public void What_was_taken_and_never_sent_is_forgotten()
    {
        var sent = new SentText();
        sent.Begin(prefilled: false);
        Take(sent, "of an attempt that failed before it was shown");
        sent.Begin(prefilled: false);
        Take(sent, "One, ");
        sent.BreakOff(Place);
        sent.Begin(prefilled: false);
        Take(sent, "One, two, but not shown");
        sent.Begin(prefilled: false);

        Take(sent, "One, two, three").ShouldBe("two, three");
        sent.Prefill.ShouldBe("One, two, three");
    }

    [Fact]
    public void An_answer_that_ends_before_what_was_sent_or_is_no_text_is_another_one()
    {
        foreach (var json in (string[])["""{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""", """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0}]}}]}"""])
        {
            var sent = new SentText();
            sent.Begin(prefilled: false);
            Take(sent, "One, two");
            sent.BreakOff(Place);
            sent.Begin(prefilled: false);
            Take(sent, "One");

            Given(sent, Encoding.UTF8.GetBytes(json)).Fault!.IsOfRescue.ShouldBeTrue();
        }
    }

    private static string Take(SentText sent, string text)
    {
        var (json, fault) = Given(sent, Chunk(text));
        fault.ShouldBeNull();
        return json.IsEmpty ? "" : JsonDocument.Parse(json).RootElement.GetProperty("choices")[0].GetProperty("delta").GetProperty("content").GetString()!;
    }

    private static (ReadOnlyMemory<byte> Json, CallFault? Fault) Given(SentText sent, ReadOnlyMemory<byte> json)
    {
        ChatChunk.TryRead(json.Span, out var chunk).ShouldBeTrue();
        return sent.Take(json, chunk);
    }

    private static ReadOnlyMemory<byte> Chunk(string text) => JsonSerializer.SerializeToUtf8Bytes(
        new { id = "c", model = "m", choices = new[] { new { index = 0, delta = new { content = text } } } });

    // Half of a surrogate pair is no text.
    private static string Valid(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private static string[] Cut(string text, int[] cuts)
    {
        int[] ends = [.. cuts.Select(cut => (int)((uint)cut % (text.Length + 1))).Where(end => end > 0 && end < text.Length && !char.IsLowSurrogate(text[end])).Append(text.Length).Distinct().Order()];
        return [.. ends.Select((end, index) => text[(index == 0 ? 0 : ends[index - 1])..end])];
    }
}

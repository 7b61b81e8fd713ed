using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.Mock;

/// <summary>
/// What the mock says to one call: a sentence, over and over if it is to be longer; calls of the request's tools; or a JSON of the schema that was
/// asked for. Arguments and JSON are the smallest that their schema takes.
/// </summary>
internal sealed class MockAnswer
{
    private const int PieceLength = 8;

    private static readonly string[] Words =
    [
        "This", "answer", "is", "made", "up:", "no", "provider", "has", "a", "key", "yet,", "so", "the", "built-in", "mock", "speaks.",
    ];

    private readonly StringBuilder _text = new();
    private readonly List<(string Name, StringBuilder Arguments)> _calls = [];
    private readonly List<string> _deltas = [];
    private readonly long _most;
    private bool _truncated;

    private MockAnswer(long most) => _most = most;

    /// <summary>The delta of each chunk after the one that says who speaks; a token each.</summary>
    public IReadOnlyList<string> Deltas => _deltas;

    public string FinishReason => _truncated ? "length" : _calls.Count > 0 ? "tool_calls" : "stop";

    /// <summary>The message of a whole answer.</summary>
    public string Message
    {
        get
        {
            var content = _text.Length == 0 && _calls.Count > 0 ? "null" : Quoted(_text.ToString());
            var calls = string.Join(',', _calls.Select((call, index) => Call(index, call.Name, call.Arguments.ToString(), withIndex: false)));
            return $$"""{"role":"assistant","content":{{content}}{{(calls.Length > 0 ? $",\"tool_calls\":[{calls}]" : "")}}}""";
        }
    }

    /// <param name="script">What to do.</param>
    /// <param name="request">Its tools, and the format that it asks for.</param>
    /// <param name="most">Tokens.</param>
    public static MockAnswer Of(MockScript script, ChatRequest request, long most)
    {
        var answer = new MockAnswer(most);
        using var document = JsonDocument.Parse(MayAskForMore(request) ? request.Body : "{}"u8.ToArray());
        var ask = new MockAsk(document.RootElement);
        var calls = ask.Calls(script.Tools);
        foreach (var (name, parameters) in calls)
        {
            answer.AddCall(name, Json(parameters));
        }

        if (calls.Count == 0 && ask.Schema is { } schema)
        {
            answer.AddText(Cut(Json(schema)));
        }
        else if (calls.Count == 0)
        {
            answer.AddText(Enumerable.Range(0, script.Chunks).Select(index => (index == 0 ? "" : " ") + Words[index % Words.Length]));
        }

        return answer;
    }

    private static bool MayAskForMore(ChatRequest request) =>
        request.Body.Span.IndexOf("\"tools\""u8) >= 0 || request.Body.Span.IndexOf("\"response_format\""u8) >= 0;

    private void AddText(IEnumerable<string> pieces)
    {
        foreach (var piece in pieces)
        {
            if (!Add($$"""{"content":{{Quoted(piece)}}}"""))
            {
                break;
            }

            _text.Append(piece);
        }
    }

    private void AddCall(string name, string arguments)
    {
        var index = _calls.Count;
        if (!Add($$"""{"tool_calls":[{{Call(index, name, "", withIndex: true)}}]}"""))
        {
            return;
        }

        _calls.Add((name, new StringBuilder()));
        foreach (var piece in Cut(arguments))
        {
            if (!Add(string.Create(CultureInfo.InvariantCulture, $$$"""{"tool_calls":[{"index":{{{index}}},"function":{"arguments":{{{Quoted(piece)}}}}}]}""")))
            {
                break;
            }

            _calls[index].Arguments.Append(piece);
        }
    }

    /// <returns>False where the maximum is used up.</returns>
    private bool Add(string delta)
    {
        _truncated |= _deltas.Count >= _most;
        if (!_truncated)
        {
            _deltas.Add(delta);
        }

        return !_truncated;
    }

    private static string Call(int index, string name, string arguments, bool withIndex) => string.Create(CultureInfo.InvariantCulture,
        $$$"""{{{{(withIndex ? $"\"index\":{index}," : "")}}}"id":"call_mock{{{index}}}","type":"function","function":{"name":{{{Quoted(name)}}},"arguments":{{{Quoted(arguments)}}}}}""");

    private static string Json(JsonElement schema)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output))
        {
            MockSchema.Write(schema, json);
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    // By characters, so that no pair of surrogates is cut: what the writer leaves is ASCII.
    private static IEnumerable<string> Cut(string text) => text.Chunk(PieceLength).Select(piece => new string(piece));

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}

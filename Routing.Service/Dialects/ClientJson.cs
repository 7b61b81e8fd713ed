using System.Text.Json;

namespace LlmGateway.Routing.Dialects;

/// <summary>
/// A client's body as a document that can be relied on: its depth is bounded, no object has a member twice (of two, a provider could follow
/// the one that was not looked at), and every string is text. Only for bodies that are translated.
/// </summary>
internal static class ClientJson
{
    /// <summary>Less than the 64 of the readers behind it, because the chat form of a body is deeper than the body.</summary>
    public const int MaxDepth = 60;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };
    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = MaxDepth };

    /// <summary>Null when the body cannot be used; then the problem says why, and param at which field.</summary>
    public static JsonDocument? Parse(ReadOnlyMemory<byte> body, out string problem, out string param)
    {
        (problem, param) = ("", "");
        JsonDocument? document = null;
        try
        {
            document = JsonDocument.Parse(body, Options);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            (problem, param) = FirstFault(body.Span) ?? ("The body is not valid JSON.", "");
            return null;
        }

        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            problem = "The body must be a JSON object.";
        }
        else if (MayHaveSurrogates(body.Span) && FirstFault(body.Span) is { } fault)
        {
            (problem, param) = fault;
        }

        if (problem.Length == 0)
        {
            return document;
        }

        document.Dispose();
        return null;
    }

    private static bool MayHaveSurrogates(ReadOnlySpan<byte> body) => body.IndexOf("\\ud"u8) >= 0 || body.IndexOf("\\uD"u8) >= 0;

    /// <summary>Looks for the fault's place. Slow, and only done where there is one.</summary>
    private static (string Problem, string Param)? FirstFault(ReadOnlySpan<byte> body)
    {
        var path = new FieldPath();
        var objects = new Stack<HashSet<string>?>();
        var reader = new Utf8JsonReader(body, ReaderOptions);
        try
        {
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.StartObject or JsonTokenType.StartArray:
                        path.Step();
                        objects.Push(reader.TokenType == JsonTokenType.StartObject ? [] : null);
                        path.Enter(-1);
                        break;
                    case JsonTokenType.EndObject or JsonTokenType.EndArray:
                        objects.Pop();
                        path.Leave();
                        break;
                    case JsonTokenType.PropertyName:
                        path.Rename("");
                        var name = reader.GetString()!;
                        path.Rename(name);
                        if (!objects.Peek()!.Add(name))
                        {
                            return ($"'{path}' is given twice.", path.ToString());
                        }

                        break;
                    case JsonTokenType.String:
                        path.Step();
                        _ = reader.GetString();
                        break;
                    default:
                        path.Step();
                        break;
                }
            }

            return null;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, as in "\ud800": JSON by its grammar, but not text.
            return ($"'{path}' has a string that is not text.", path.ToString());
        }
        catch (JsonException e)
        {
            return (objects.Count >= MaxDepth ? $"The body is nested deeper than {MaxDepth} levels." : $"The body is not valid JSON: line {e.LineNumber + 1}.", "");
        }
    }
}

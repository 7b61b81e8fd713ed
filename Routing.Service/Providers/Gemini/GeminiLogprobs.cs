using System.Text;
using System.Text.Json;

namespace LlmGateway.Routing.Providers.Gemini;

/// <summary>
/// A candidate's log probabilities, where they were asked for, as OpenAI writes them:
/// <code>
/// "logprobsResult":{"chosenCandidates":[{"token":"Hi","logProbability":-0.1}],"topCandidates":[{"candidates":[{"token":"Hi","logProbability":-0.1}]}]}
/// "logprobs":{"content":[{"token":"Hi","logprob":-0.1,"bytes":[72,105],"top_logprobs":[…]}],"refusal":null}
/// </code>
/// </summary>
internal static class GeminiLogprobs
{
    /// <param name="json">Gets the member "logprobs", null without any.</param>
    /// <param name="candidate">Undefined stands for none.</param>
    public static void Write(Utf8JsonWriter json, JsonElement candidate)
    {
        if (candidate.ValueKind != JsonValueKind.Object || !candidate.TryGetProperty("logprobsResult"u8, out var result)
            || !result.TryGetProperty("chosenCandidates"u8, out var chosen))
        {
            json.WriteNull("logprobs"u8);
            return;
        }

        var tops = result.TryGetProperty("topCandidates"u8, out var list) ? list.EnumerateArray().ToList() : [];
        json.WriteStartObject("logprobs"u8);
        json.WriteStartArray("content"u8);
        foreach (var (token, index) in chosen.EnumerateArray().Select((token, index) => (token, index)))
        {
            json.WriteStartObject();
            WriteToken(json, token);
            json.WriteStartArray("top_logprobs"u8);
            foreach (var top in index < tops.Count && tops[index].TryGetProperty("candidates"u8, out var likely) ? likely.EnumerateArray() : default)
            {
                json.WriteStartObject();
                WriteToken(json, top);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNull("refusal"u8);
        json.WriteEndObject();
    }

    private static void WriteToken(Utf8JsonWriter json, JsonElement token)
    {
        var text = token.TryGetProperty("token"u8, out var written) ? written.GetString() ?? "" : "";
        json.WriteString("token"u8, text);
        json.WritePropertyName("logprob"u8);
        if (token.TryGetProperty("logProbability"u8, out var probability))
        {
            probability.WriteTo(json);
        }
        else
        {
            // Protobuf's JSON leaves out what is zero: certainty.
            json.WriteNumberValue(0);
        }

        json.WriteStartArray("bytes"u8);
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            json.WriteNumberValue(value);
        }

        json.WriteEndArray();
    }
}

using System.Text.Json;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Providers.Gemini;

/// <summary>What a GenerateContentResponse says beside its content. Its members come in any order, the id usually last.</summary>
internal ref struct GeminiResponse
{
    /// <summary>At the first candidate's start; meaningless without <see cref="HasCandidate"/>.</summary>
    public Utf8JsonReader Candidate;

    public bool HasCandidate { get; private set; }

    /// <summary>The prompt was refused: there are no candidates, and the status was 200.</summary>
    public bool IsBlocked { get; private set; }

    public bool HasError { get; private set; }

    public string? Id { get; private set; }

    public ReportedUsage? Usage { get; private set; }

    public readonly bool IsAnswer => HasCandidate || IsBlocked;

    /// <exception cref="JsonException">Not JSON.</exception>
    public static GeminiResponse Read(ReadOnlySpan<byte> json)
    {
        var response = default(GeminiResponse);
        var reader = new Utf8JsonReader(json);
        reader.Read();
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            // An error in a stream may come as [{"error":…}].
            reader.Read();
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("Not an object.");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            response.Property(ref reader);
        }

        while (reader.Read())
        {
            // To the end, where anything left over throws.
        }

        return response;
    }

    private void Property(ref Utf8JsonReader reader)
    {
        if (reader.ValueTextEquals("candidates"u8))
        {
            reader.Read();
            var first = reader;
            reader.Skip();
            HasCandidate = first.TokenType == JsonTokenType.StartArray && first.Read() && first.TokenType == JsonTokenType.StartObject;
            Candidate = first;
        }
        else if (reader.ValueTextEquals("usageMetadata"u8))
        {
            reader.Read();
            Usage = GeminiUsage.Read(ref reader);
        }
        else if (reader.ValueTextEquals("responseId"u8))
        {
            reader.Read();
            Id = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
            reader.Skip();
        }
        else if (reader.ValueTextEquals("promptFeedback"u8))
        {
            reader.Read();
            IsBlocked = HasReason(ref reader);
        }
        else if (reader.ValueTextEquals("error"u8))
        {
            reader.Read();
            HasError = reader.TokenType != JsonTokenType.Null;
            reader.Skip();
        }
        else
        {
            reader.Read();
            reader.Skip();
        }
    }

    // {"blockReason":"SAFETY","safetyRatings":[…]}; without a reason it only has ratings.
    private static bool HasReason(ref Utf8JsonReader reader)
    {
        var found = false;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return found;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isReason = reader.ValueTextEquals("blockReason"u8);
            reader.Read();
            found |= isReason && reader.TokenType == JsonTokenType.String && !reader.ValueTextEquals("BLOCK_REASON_UNSPECIFIED"u8);
            reader.Skip();
        }

        return found;
    }
}

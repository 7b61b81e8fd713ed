using System.Security.Cryptography;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Selection;

/// <summary>What a policy may know of a call.</summary>
/// <param name="Stream">The form of the answer.</param>
/// <param name="PromptTokens">An estimate.</param>
/// <param name="OutputTokens">The client's maximum, else a usual answer.</param>
/// <param name="Conversation">Equal for the calls of one conversation; null where the prompt is too short for a provider to remember.</param>
internal sealed record CallShape(bool Stream, long PromptTokens, long OutputTokens, byte[]? Conversation = null)
{
    private const int BytesPerToken = 4;
    private const long UsualOutputTokens = 500;

    /// <summary>Providers remember prompts of 1,024 tokens and more.</summary>
    private const int RememberedBytes = 1024 * BytesPerToken;

    public static CallShape Of(PromptRequest request, bool stream) => new(
        stream,
        PromptTokensOf(request),
        Math.Min(request.MaxOutputTokens ?? UsualOutputTokens, UsualOutputTokens) * request.Choices,
        request.PromptBytes >= RememberedBytes && request is ChatRequest chat && ConversationStart.Of(chat) is { IsEmpty: false } start ? SHA256.HashData(start.Span) : null);

    /// <summary>About so many tokens go to the provider.</summary>
    public static long PromptTokensOf(PromptRequest request) => (request.PromptBytes / BytesPerToken) + request.ImageTokens;
}

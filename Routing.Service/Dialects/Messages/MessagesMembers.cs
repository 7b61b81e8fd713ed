using System.Runtime.InteropServices;
using System.Text.Json;

namespace LlmGateway.Routing.Dialects.Messages;

/// <summary>
/// Refuses members with which a call to Anthropic could cost more than is held for it: other models, other prices, work and prompts that come
/// from elsewhere. A null, and an empty array, ask for nothing.
/// </summary>
internal static class MessagesMembers
{
    private const string Absent = "left out: it could cost more than is held for the call";

    private static readonly string[] Refused =
    [
        "mcp_servers", "container", "fallbacks", "fallback_credit_token", "thread", "context_management", "compaction", "inference_geo",
    ];

    private static readonly string[] Known = ["model", "max_tokens", "stream", "messages", "tools", "speed", "service_tier"];

    private static readonly Lookalikes Lookalikes = new([.. Known, .. Refused]);

    public static void Check(JsonElement body, MessagesTranslation translation)
    {
        foreach (var member in body.EnumerateObject())
        {
            if (JsonMarshal.GetRawUtf8PropertyName(member).Length <= Lookalikes.LongestWritten)
            {
                Check(member.Name, member.Value, translation);
            }
        }
    }

    private static void Check(string name, JsonElement value, MessagesTranslation translation)
    {
        if (Refused.Contains(name))
        {
            if (value.ValueKind != JsonValueKind.Null && !(value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0))
            {
                translation.Invalid(name, Absent);
            }
        }
        else if (name == "speed")
        {
            if (value.ValueKind != JsonValueKind.Null && !(value.ValueKind == JsonValueKind.String && value.ValueEquals("standard")))
            {
                translation.Invalid(name, "'standard'");
            }
        }
        else if (!Known.Contains(name) && Lookalikes.Find(name) is { } known)
        {
            translation.Invalid(name, $"written '{known}'");
        }
    }
}

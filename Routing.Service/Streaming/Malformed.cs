using System.Text.Json;

namespace LlmGateway.Routing.Streaming;

/// <summary>How System.Text.Json says that what came is not JSON, or JSON of another shape than its reader expects.</summary>
internal static class Malformed
{
    /// <summary>Not JSON; a value of another type, or half of a surrogate pair; a number that does not fit; a member that is missing.</summary>
    public static bool Is(Exception exception) =>
        exception is JsonException or InvalidOperationException or FormatException or KeyNotFoundException;
}

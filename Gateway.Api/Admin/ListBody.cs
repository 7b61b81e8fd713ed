namespace LlmGateway.Gateway.Admin;

/// <param name="NextCursor">For ?cursor= of the next page; null on the last.</param>
internal sealed record ListBody<T>(string Object, IReadOnlyList<T> Data, string? NextCursor)
{
    public static ListBody<T> From(IEnumerable<T> data, string nextCursor = "") =>
        new("list", [.. data], nextCursor.Length > 0 ? nextCursor : null);
}

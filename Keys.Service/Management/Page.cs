using System.Buffers.Text;
using System.Text;

namespace LlmGateway.Keys.Management;

/// <summary>
/// A part of a list that goes on after the last thing of the part before, by the key of the list's order: what is added or taken away
/// meanwhile makes nothing else come twice or not at all. The cursor is opaque to callers.
/// </summary>
/// <param name="List">A cursor of another list is refused.</param>
/// <param name="Limit">How many.</param>
/// <param name="After">The key; null at the beginning.</param>
internal sealed record Page(string List, int Limit, string? After)
{
    private const int LongestCursor = 512;

    /// <param name="list">Its name.</param>
    /// <param name="limit">As asked for; 0 is 50.</param>
    /// <param name="cursor">As asked for; empty at the beginning.</param>
    /// <param name="isKey">Whether the list can be in an order that has this key.</param>
    public static Outcome<Page> Of(string list, int limit, string cursor, Func<string, bool> isKey)
    {
        if (limit is < 0 or > 200)
        {
            return Refused.Invalid("limit", "must be 1 to 200.");
        }

        var after = cursor.Length == 0 ? null : Decode(cursor, list);
        return cursor.Length == 0 || (after is not null && isKey(after))
            ? new Page(list, limit == 0 ? 50 : limit, after)
            : Refused.Invalid("cursor", "must be what the page before gave as its next_cursor.");
    }

    /// <summary>Takes what was read beyond the limit away.</summary>
    /// <param name="things">As read, one more than the limit at most.</param>
    /// <param name="key">Of a thing.</param>
    /// <returns>The next page's cursor; empty at the end.</returns>
    public string Cut<T>(List<T> things, Func<T, string> key)
    {
        if (things.Count <= Limit)
        {
            return "";
        }

        things.RemoveRange(Limit, things.Count - Limit);
        return Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{List}:{key(things[^1])}"));
    }

    private static string? Decode(string cursor, string list)
    {
        if (cursor.Length > LongestCursor || !Base64Url.IsValid(cursor))
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor));
        return text.StartsWith(list + ':', StringComparison.Ordinal) ? text[(list.Length + 1)..] : null;
    }
}

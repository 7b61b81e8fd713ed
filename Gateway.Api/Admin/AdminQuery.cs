using System.Globalization;
using LlmGateway.Gateway.Calls;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Admin;

/// <summary>Query parameters and path segments, each checked by name. One that is not known is refused: a misspelt dry_run must not do it.</summary>
internal static class AdminQuery
{
    private const int MaxLimit = 200;

    /// <summary>The parameters of every list.</summary>
    public static readonly string[] Paged = ["limit", "cursor"];

    public static ApiError? Unknown(IQueryCollection query, ReadOnlySpan<string> known)
    {
        foreach (var name in query.Keys)
        {
            if (!known.Contains(name))
            {
                return JsonFault.IsPlainName(name)
                    ? ApiErrors.Invalid(name, "left out: there is no such query parameter")
                    : new ApiError(StatusCodes.Status400BadRequest, ApiErrors.InvalidRequest, "invalid_value", "There is a query parameter that is not known.");
            }
        }

        return null;
    }

    /// <summary>?limit=50&amp;cursor=...</summary>
    /// <param name="query">The request's.</param>
    /// <param name="page">What it asks for.</param>
    public static ApiError? Page(IQueryCollection query, out ListRequest page)
    {
        page = new();
        if (query.TryGetValue("limit", out var sent))
        {
            if (sent.Count != 1 || !int.TryParse(sent[0], NumberStyles.None, CultureInfo.InvariantCulture, out var limit) || limit is < 1 or > MaxLimit)
            {
                return ApiErrors.Invalid("limit", $"a whole number from 1 to {MaxLimit}");
            }

            page.Limit = limit;
        }

        var error = Text(query, "cursor", out var cursor);
        page.Cursor = cursor;
        return error;
    }

    public static ApiError? Text(IQueryCollection query, string name, out string value)
    {
        var sent = query[name];
        value = sent.Count == 1 ? sent[0]! : "";
        return sent.Count > 1 ? ApiErrors.Invalid(name, "given only once") : null;
    }

    public static ApiError? Flag(IQueryCollection query, string name, out bool value)
    {
        var sent = query[name];
        value = false;
        return sent.Count == 0 || (sent.Count == 1 && bool.TryParse(sent[0], out value)) ? null : ApiErrors.Invalid(name, "true or false");
    }

    /// <summary>The {key} of the path: what might be a secret is refused, since a key with such a name has an id besides.</summary>
    public static ApiError? Key(HttpContext context, out string key) => Segment(context, "key", SecretShape.Fits, out key);

    /// <summary>The {id} of the path. Ids come from other systems and may look random: refused is only what surely is a secret.</summary>
    public static ApiError? Id(HttpContext context, out string id) => Segment(context, "id", SecretShape.IsSure, out id);

    private static ApiError? Segment(HttpContext context, string name, Func<string, bool> isSecret, out string value)
    {
        value = PathSegment.Of(context, name) ?? "";
        return value.Length == 0 ? ApiErrors.Invalid(name, "an id or a name, escaped once")
            : isSecret(value) ? ApiErrors.Invalid(name, "an id or a name. What was sent looks like a secret, and those must not stand in an address")
            : null;
    }
}

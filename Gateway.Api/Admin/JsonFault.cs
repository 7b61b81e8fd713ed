using System.Buffers;
using System.Globalization;
using System.Text.Json;
using LlmGateway.Gateway.Calls;

namespace LlmGateway.Gateway.Admin;

/// <summary>A member whose value cannot be: <see cref="Must"/> completes "'limits.daily_usd' must be ...". The serializer adds the path.</summary>
internal sealed class FieldException : JsonException
{
    public FieldException(string must)
        : base(must) => Must = must;

    public string Must { get; }
}

/// <summary>Names the member that made a body unreadable, without repeating any of its values, nor a name that could be one.</summary>
internal static class JsonFault
{
    private const int MaxName = 64;

    private static readonly SearchValues<char> PlainCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789_");

    public static ApiError Of(JsonException exception, string prefix = "")
    {
        var isWhole = IsPlainPath(exception.Path, out var path);
        var param = (prefix, path) switch
        {
            ("", _) => path,
            (_, "") => prefix,
            _ => $"{prefix}.{path}",
        };
        return exception switch
        {
            FieldException field when param.Length > 0 => ApiErrors.Invalid(param, field.Must),

            // The serializer has no other way to tell these two apart than its text; a test holds it to that.
            _ when exception.Message.StartsWith("The JSON property", StringComparison.Ordinal) =>
                isWhole ? ApiErrors.Invalid(param, "left out: it is not known here") : UnknownMember(param),
            _ when exception.Message.StartsWith("Duplicate property", StringComparison.Ordinal) => Faulty(param, "has a member twice"),
            _ => param.Length > 0 ? ApiErrors.Invalid(param, "of another type") : Faulty(param, "has the wrong type"),
        };
    }

    /// <summary>[a-z][a-z0-9_]*: no secret looks like that, so it may be repeated.</summary>
    public static bool IsPlainName(ReadOnlySpan<char> name) =>
        name.Length is > 0 and <= MaxName && char.IsAsciiLetterLower(name[0]) && !name.ContainsAnyExcept(PlainCharacters)
        && !SecretShape.Fits(name.ToString());

    //   $.limits.daily_usd -> limits.daily_usd   $.alerts[0].amount -> alerts[0].amount   $.labels['...'] -> labels, and not whole
    private static bool IsPlainPath(string? jsonPath, out string path)
    {
        path = "";
        foreach (var segment in (jsonPath ?? "$").TrimStart('$').Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!IsPlainName(WithoutIndex(segment)))
            {
                return false;
            }

            path = path.Length == 0 ? segment : $"{path}.{segment}";
        }

        return true;
    }

    private static ReadOnlySpan<char> WithoutIndex(string segment)
    {
        var bracket = segment.IndexOf('[', StringComparison.Ordinal);
        return bracket > 0 && segment[^1] == ']' && int.TryParse(segment.AsSpan(bracket + 1, segment.Length - bracket - 2), NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? segment.AsSpan(0, bracket)
            : segment;
    }

    private static ApiError UnknownMember(string within) => Faulty(within, "has a member that is not known here");

    private static ApiError Faulty(string within, string what) => new(
        StatusCodes.Status400BadRequest, ApiErrors.InvalidRequest, "invalid_value", $"{(within.Length > 0 ? $"'{within}'" : "The body")} {what}.")
    {
        Param = within.Length > 0 ? within : null,
    };
}

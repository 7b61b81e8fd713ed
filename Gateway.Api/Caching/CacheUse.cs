using LlmGateway.Gateway.Calls;
using Microsoft.Net.Http.Headers;

namespace LlmGateway.Gateway.Caching;

/// <summary>What a request lets the cache do for it.</summary>
/// <param name="Reads">A kept answer may be given.</param>
/// <param name="Stores">The answer may be kept.</param>
internal readonly record struct CacheUse(bool Reads, bool Stores)
{
    public const string Header = "x-llm-cache";

    public static CacheUse None { get; }

    public bool IsNone => this == None;

    /// <summary>
    /// <c>x-llm-cache: on</c> asks for the cache and <c>off</c> does without, whatever is the rule for the model. In cache-control,
    /// <c>no-cache</c> asks for a new answer, which is kept in the old one's place, and <c>no-store</c> does without.
    /// </summary>
    /// <returns>With an error where the header says something else.</returns>
    public static (CacheUse Use, ApiError? Error) Of(IHeaderDictionary headers, bool isRule)
    {
        var wanted = isRule;
        if (headers.TryGetValue(Header, out var values))
        {
            var value = values.ToString().Trim();
            var on = value.Equals("on", StringComparison.OrdinalIgnoreCase);
            if (!on && !value.Equals("off", StringComparison.OrdinalIgnoreCase))
            {
                return (None, ApiErrors.Invalid(Header, "on or off"));
            }

            wanted = on;
        }

        if (!wanted)
        {
            return (None, null);
        }

        return CacheControlHeaderValue.TryParse(headers.CacheControl.ToString(), out var control)
            ? (control.NoStore ? None : new(Reads: !control.NoCache, Stores: true), null)
            : (new(Reads: true, Stores: true), null);
    }
}

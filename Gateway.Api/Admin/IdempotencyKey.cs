using System.Buffers;
using LlmGateway.Gateway.Calls;

namespace LlmGateway.Gateway.Admin;

/// <summary>What makes a change happen once, however often it is sent: the header <c>Idempotency-Key</c>, or the body's <c>idempotency_key</c>.</summary>
internal static class IdempotencyKey
{
    private const string Header = "Idempotency-Key";
    private const string Member = "idempotency_key";
    private const int Longest = 255;

    private static readonly SearchValues<char> Printable =
        SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(code => (char)code)]);

    // Without one, a request that is sent again because its answer got lost would happen again.
    private static readonly ApiError Missing = ApiErrors.Missing(Member) with
    {
        Message = $"'{Member}' is required, in the header {Header} or in the body: it makes the change happen once, however often it is sent.",
    };

    /// <param name="context">The request.</param>
    /// <param name="inBody">The body's; null for none.</param>
    /// <param name="key">What makes it happen once.</param>
    public static ApiError? Read(HttpContext context, string? inBody, out string key)
    {
        var sent = context.Request.Headers[Header];
        var inHeader = sent.Count > 0 ? sent.ToString() : null;
        key = inHeader ?? inBody ?? "";
        return inHeader is null && inBody is null ? Missing
            : sent.Count > 1 || (inHeader ?? inBody) != (inBody ?? inHeader) ? ApiErrors.Invalid(Member, "the same wherever it is given")
            : key.Length is 0 or > Longest || key.AsSpan().ContainsAnyExcept(Printable)
                ? ApiErrors.Invalid(Member, $"1 to {Longest} printable ASCII characters")
            : SecretShape.IsSure(key) ? ApiErrors.Invalid(Member, "one made for this request, and not an API key")
            : null;
    }
}

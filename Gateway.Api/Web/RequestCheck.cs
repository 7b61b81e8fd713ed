using LlmGateway.Gateway.Calls;

namespace LlmGateway.Gateway.Web;

/// <summary>
/// What holds for every request before anybody looks at what it asks for: no control characters in its header fields, which the server lets
/// through but for line ends and NUL. And HEAD is GET: the server leaves the body away by itself.
/// </summary>
internal sealed class RequestCheck(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        foreach (var (name, values) in request.Headers)
        {
            foreach (var value in values)
            {
                if (HasControlCharacter(value))
                {
                    return ClientSurface.Of(context).WriteErrorAsync(context, ApiErrors.InvalidHeader(name));
                }
            }
        }

        if (HttpMethods.IsHead(request.Method))
        {
            request.Method = HttpMethods.Get;
        }

        return next(context);
    }

    // RFC 9110, section 5.5: a tab may stand in a value.
    private static bool HasControlCharacter(ReadOnlySpan<char> value) =>
        value.ContainsAnyInRange('\u0001', '\u0008') || value.ContainsAnyInRange('\u000a', '\u001f') || value.ContainsAnyInRange('\u007f', '\u009f');
}

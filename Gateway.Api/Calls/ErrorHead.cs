using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace LlmGateway.Gateway.Calls;

/// <summary>What an error says outside its body: the status, and to the official SDKs whether and when to try again.</summary>
internal static class ErrorHead
{
    private static readonly StringValues True = "true";
    private static readonly StringValues False = "false";

    public static void Write(HttpResponse response, ApiError error)
    {
        response.StatusCode = error.Status;
        if (error.ShouldRetry is { } shouldRetry)
        {
            response.Headers["x-should-retry"] = shouldRetry ? True : False;
        }

        if (error.RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            response.Headers["retry-after-ms"] = Math.Ceiling(wait.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        }

        if (error.Attempts > 0)
        {
            response.Headers["x-llm-attempts"] = error.Attempts.ToString(CultureInfo.InvariantCulture);
        }
    }
}

using System.Net;
using System.Text.Json;

namespace LlmGateway.Gateway.Tests.Conformance;

/// <summary>What every error is, in the dialect of its path.</summary>
internal static class ErrorShape
{
    /// <summary>Returns the error's code.</summary>
    public static async Task<string?> CheckAsync(HttpResponseMessage response, string what)
    {
        var id = response.Headers.GetValues("x-request-id").Single();
        id.ShouldMatch("^req_[0-9A-HJKMNP-TV-Z]{26}$", what);
        response.Headers.GetValues("x-content-type-options").ShouldBe(["nosniff"], what);
        var text = await response.Content.ReadAsStringAsync();
        response.Content.Headers.ContentType?.MediaType.ShouldBe("application/json", $"{what}: {text}");
        using var body = JsonDocument.Parse(text);
        var error = body.RootElement.GetProperty("error");
        error.GetProperty("message").GetString().ShouldNotBeNullOrEmpty(what);
        error.GetProperty("type").GetString().ShouldNotBeNullOrEmpty(what);
        text.ShouldNotContain("   at ", Case.Sensitive, what);
        if (!IsAnthropic(response.RequestMessage!))
        {
            error.GetProperty("param").ValueKind.ShouldBeOneOf([JsonValueKind.String, JsonValueKind.Null], what);
            return error.GetProperty("code").GetString();
        }

        body.RootElement.GetProperty("type").GetString().ShouldBe("error", what);
        body.RootElement.GetProperty("request_id").GetString().ShouldBe(id, what);
        response.Headers.GetValues("request-id").ShouldBe([id], what);
        return error.TryGetProperty("details", out var details) ? details.GetProperty("error_code").GetString() : null;
    }

    private static bool IsAnthropic(HttpRequestMessage request)
    {
        var path = request.RequestUri!.AbsolutePath;
        return path == "/v1/messages" || path.StartsWith("/v1/messages/", StringComparison.Ordinal)
            || ((path == "/v1/models" || path.StartsWith("/v1/models/", StringComparison.Ordinal)) && request.Headers.Contains("anthropic-version"));
    }

    public static async Task CheckAsync(HttpResponseMessage response, HttpStatusCode status, string code, string what)
    {
        var found = await CheckAsync(response, what);
        (response.StatusCode, found).ShouldBe((status, code), what);
    }
}

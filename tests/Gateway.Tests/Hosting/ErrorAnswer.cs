using System.Net;
using System.Text.Json;

namespace LlmGateway.Gateway.Tests.Hosting;

/// <summary>An error as a client of OpenAI's API reads it.</summary>
internal sealed record ErrorAnswer(HttpStatusCode Status, string Message, string Type, string? Param, string? Code)
{
    public static async Task<ErrorAnswer> ReadAsync(HttpResponseMessage response)
    {
        response.Content.Headers.ContentType?.MediaType.ShouldBe("application/json");
        response.Content.Headers.ContentLength.ShouldNotBeNull();
        using var body = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());
        var error = body.RootElement.GetProperty("error");
        return new(
            response.StatusCode,
            error.GetProperty("message").GetString()!,
            error.GetProperty("type").GetString()!,
            error.GetProperty("param").GetString(),
            error.GetProperty("code").GetString());
    }
}

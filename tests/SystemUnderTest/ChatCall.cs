using System.Net;
using System.Text;
using System.Text.Json;

namespace LlmGateway.SystemUnderTest;

/// <summary>What a client saw of one call.</summary>
public sealed record ChatAnswer
{
    public required HttpStatusCode Status { get; init; }

    public required string RequestId { get; init; }

    /// <summary>The error's JSON, from the status or from within the stream.</summary>
    public JsonElement? Error { get; init; }

    public string Content { get; init; } = "";

    public string? FinishReason { get; init; }

    public JsonElement? Usage { get; init; }

    /// <summary>The stream's success terminator arrived; a plain answer arrived whole.</summary>
    public bool Ended { get; init; }

    /// <summary>The connection was cut before the body's end.</summary>
    public bool Cut { get; init; }

    public string? ErrorCode => Error?.GetProperty("code").GetString();

    public decimal Cost => Usage?.GetProperty("cost").GetDecimal() ?? 0;
}

/// <summary>A chat call over plain HTTP, so that tests see the bytes that an SDK would hide.</summary>
public sealed class ChatCall(HttpClient http, string model)
{
    private readonly TaskCompletionSource _firstContent = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Prompt { get; init; } = "Say hello.";

    public int? MaxTokens { get; init; }

    /// <summary>Completes with the first content of a stream, or with the end of the call.</summary>
    public Task FirstContent => _firstContent.Task;

    public async Task<ChatAnswer> StreamAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            using var response = await http.SendAsync(Request(stream: true), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return response.IsSuccessStatusCode ? await ReadStreamAsync(response, cancellationToken) : await ReadErrorAsync(response);
        }
        finally
        {
            _firstContent.TrySetResult();
        }
    }

    public async Task<ChatAnswer> PlainAsync(CancellationToken cancellationToken = default)
    {
        using var response = await http.SendAsync(Request(stream: false), cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            return await ReadErrorAsync(response);
        }

        var body = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken)).RootElement;
        var choice = body.GetProperty("choices")[0];
        return new ChatAnswer
        {
            Status = response.StatusCode,
            RequestId = RequestId(response),
            Content = choice.GetProperty("message").GetProperty("content").GetString() ?? "",
            FinishReason = choice.GetProperty("finish_reason").GetString(),
            Usage = body.GetProperty("usage"),
            Ended = true,
        };
    }

    private HttpRequestMessage Request(bool stream)
    {
        var body = new Dictionary<string, object?>
        {
            ["model"] = model,
            ["messages"] = new[] { new { role = "user", content = Prompt } },
            ["stream"] = stream,
        };
        if (stream)
        {
            body["stream_options"] = new { include_usage = true };
        }

        if (MaxTokens is { } limit)
        {
            body["max_completion_tokens"] = limit;
        }

        return new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json"),
        };
    }

    private async Task<ChatAnswer> ReadStreamAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var content = new StringBuilder();
        string? finish = null;
        JsonElement? usage = null, error = null;
        bool ended = false, cut = false;
        try
        {
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
            while (await reader.ReadLineAsync(cancellationToken) is { } line)
            {
                if (line == "data: [DONE]")
                {
                    ended = true;
                }
                else if (line.StartsWith("data: ", StringComparison.Ordinal))
                {
                    Read(JsonDocument.Parse(line.AsMemory(6)).RootElement);
                }
            }
        }
        catch (Exception broken) when (broken is IOException or HttpRequestException)
        {
            cut = true;
        }

        return new ChatAnswer
        {
            Status = response.StatusCode,
            RequestId = RequestId(response),
            Content = content.ToString(),
            FinishReason = finish,
            Usage = usage,
            Error = error,
            Ended = ended,
            Cut = cut,
        };

        void Read(JsonElement chunk)
        {
            if (chunk.TryGetProperty("error", out var failure))
            {
                error = failure;
                return;
            }

            usage = chunk.TryGetProperty("usage", out var figures) && figures.ValueKind == JsonValueKind.Object ? figures : usage;
            foreach (var choice in chunk.GetProperty("choices").EnumerateArray())
            {
                finish = choice.GetProperty("finish_reason").GetString() ?? finish;
                if (choice.GetProperty("delta").TryGetProperty("content", out var text) && text.GetString() is { Length: > 0 } piece)
                {
                    content.Append(piece);
                    _firstContent.TrySetResult();
                }
            }
        }
    }

    private static async Task<ChatAnswer> ReadErrorAsync(HttpResponseMessage response) => new()
    {
        Status = response.StatusCode,
        RequestId = RequestId(response),
        Error = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync()).RootElement.GetProperty("error"),
    };

    private static string RequestId(HttpResponseMessage response) => response.Headers.GetValues("x-request-id").Single();
}

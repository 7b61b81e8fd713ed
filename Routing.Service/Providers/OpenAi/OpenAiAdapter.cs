using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Providers.OpenAi;

/// <summary>OpenAI, and every server that speaks its chat API.</summary>
internal sealed class OpenAiAdapter(ProviderHttp http, TimeProvider time) : IProviderAdapter
{
    private const int MaxErrorBytes = 64 * 1024;
    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private static readonly MediaTypeWithQualityHeaderValue AcceptJson = new("application/json");
    private static readonly MediaTypeWithQualityHeaderValue AcceptEvents = new("text/event-stream");
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromHours(24);

    public string Name => ProviderName.OpenAi;

    public async Task<ProviderReply> SendAsync(HeldCall held, ProviderRequest request, CancellationToken cancellationToken)
    {
        var body = new PooledBuffer(request.Chat.Body.Length + 256);
        OpenAiWire.Write(request.Chat, request.Deployment, request.Stream, request.MaxTokens, body);
        using var message = Message(request, body);
        var response = await http.SendAsync(message, cancellationToken);

        // Only here is the buffer certainly sent. An attempt that failed on the way leaves it to the garbage collector, because the
        // connection may still be reading from it.
        body.Dispose();
        if (response.StatusCode == HttpStatusCode.OK)
        {
            return new ProviderReply(new ResponseStream(response, await response.Content.ReadAsStreamAsync(cancellationToken)), null, 200);
        }

        using (response)
        {
            var error = await ReadErrorAsync(response, cancellationToken);
            var fault = OpenAiErrors.Classify(response.StatusCode, error, RetryAfter(response), request.Deployment);
            return new ProviderReply(null, fault, (int)response.StatusCode);
        }
    }

    private static HttpRequestMessage Message(ProviderRequest request, PooledBuffer body)
    {
        var message = new HttpRequestMessage(HttpMethod.Post, new Uri(request.Deployment.BaseAddress!, "chat/completions"))
        {
            Content = new RequestBody(body.WrittenMemory, Json, request.Written),
        };
        message.Headers.Accept.Add(request.Stream ? AcceptEvents : AcceptJson);
        if (request.Deployment.Key is { } key)
        {
            message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key.Reveal());
        }

        return message;
    }

    /// <summary>retry-after-ms, else retry-after in seconds or as a date.</summary>
    private TimeSpan RetryAfter(HttpResponseMessage response)
    {
        var wait = response.Headers.TryGetValues("retry-after-ms", out var values)
            && double.TryParse(values.First(), NumberStyles.Float, CultureInfo.InvariantCulture, out var milliseconds)
            && milliseconds >= 0 && milliseconds <= LongestRetryAfter.TotalMilliseconds
                ? TimeSpan.FromMilliseconds(milliseconds)
                : response.Headers.RetryAfter switch
                {
                    { Delta: { } delta } => delta,
                    { Date: { } date } => date - time.GetUtcNow(),
                    _ => TimeSpan.Zero,
                };
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait > LongestRetryAfter ? LongestRetryAfter : wait;
    }

    private static async Task<byte[]> ReadErrorAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            var buffer = new byte[MaxErrorBytes];
            await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            var count = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
            return buffer[..count];
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            // The status says enough.
            return [];
        }
    }
}

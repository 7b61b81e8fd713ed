using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using LlmGateway.Routing.Calls;

namespace LlmGateway.Routing.Providers;

/// <summary>One request to a provider and the head of its answer: what is alike on every wire.</summary>
internal sealed class ProviderExchange(ProviderHttp http, TimeProvider time)
{
    private const int MaxErrorBytes = 64 * 1024;
    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private static readonly MediaTypeWithQualityHeaderValue AcceptJson = new("application/json");
    private static readonly MediaTypeWithQualityHeaderValue AcceptEvents = new("text/event-stream");
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromHours(24);

    /// <summary>A POST of a JSON body. The caller adds the provider's own headers.</summary>
    public static HttpRequestMessage Message(Uri address, ProviderRequest request, PooledBuffer body)
    {
        var message = new HttpRequestMessage(HttpMethod.Post, address) { Content = new RequestBody(body.WrittenMemory, Json, request.Written) };
        message.Headers.Accept.Add(request.Stream ? AcceptEvents : AcceptJson);
        return message;
    }

    /// <param name="held">The hold that covers the call.</param>
    /// <param name="message">What to send; disposed here.</param>
    /// <param name="body">Its body's buffer; given back here, once it is certainly sent.</param>
    /// <param name="classify">What an answer other than 200 means: its status, the first of its bytes, and when to come back.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    public async Task<ProviderReply> SendAsync(
        HeldCall held, HttpRequestMessage message, PooledBuffer body, Func<HttpStatusCode, byte[], TimeSpan, CallFault> classify,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(held);
        using var sent = message;
        var response = await http.SendAsync(message, cancellationToken);

        // An answer may come before the whole request is written (HTTP/2), and an attempt may fail on the way: then the connection may still be
        // reading from the buffer, and it is left to the garbage collector.
        if (message.Content is RequestBody { IsWritten: true })
        {
            body.Dispose();
        }

        if (response.StatusCode == HttpStatusCode.OK)
        {
            return new ProviderReply(new ResponseStream(response, await response.Content.ReadAsStreamAsync(cancellationToken)), null, 200);
        }

        using (response)
        {
            var error = await ReadErrorAsync(response, cancellationToken);
            return new ProviderReply(null, classify(response.StatusCode, error, RetryAfter(response)), (int)response.StatusCode);
        }
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

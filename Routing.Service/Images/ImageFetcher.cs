using System.Buffers.Text;
using System.Net;
using System.Text;
using LlmGateway.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace LlmGateway.Routing.Images;

/// <summary>
/// Fetches an image that a client's request names, and nothing else: public addresses only, checked at each connection and so after each redirect; so
/// many bytes, so many seconds; and what comes must be an image that models read.
/// </summary>
internal sealed class ImageFetcher : IDisposable
{
    private readonly HttpMessageInvoker _http;
    private readonly ImageOptions _options;

    public ImageFetcher(IOptions<ImageOptions> options)
        : this(options, PublicNetwork.ConnectAsync)
    {
    }

    internal ImageFetcher(
        IOptions<ImageOptions> options, Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>> connect)
    {
        _options = options.Value;
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectCallback = connect,
            MaxResponseHeadersLength = 16,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(10),
            ResponseDrainTimeout = TimeSpan.Zero,
        });
    }

    /// <returns>data:image/…;base64,… as UTF-8.</returns>
    /// <exception cref="ImageException">It is not there, or not allowed. Says why, in words for the client.</exception>
    /// <exception cref="OperationCanceledException">The time is up.</exception>
    public async Task<byte[]> FetchAsync(Uri address, CancellationToken cancellationToken)
    {
        for (var redirects = 0; redirects <= _options.MaxRedirects; redirects++)
        {
            using var response = await SendAsync(address, cancellationToken);
            if (response.StatusCode is HttpStatusCode.Moved or HttpStatusCode.Found or HttpStatusCode.SeeOther
                or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect && response.Headers.Location is { } location)
            {
                address = new Uri(address, location);
                continue;
            }

            return response.StatusCode == HttpStatusCode.OK
                ? await ReadAsync(response, cancellationToken)
                : throw new ImageException("its server does not have it");
        }

        throw new ImageException("its server redirects too often");
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(Uri address, CancellationToken cancellationToken)
    {
        if (address.Scheme is not ("http" or "https") || address.UserInfo.Length > 0)
        {
            throw new ImageException("its address is not http or https, or has a user");
        }

        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            request.Headers.TryAddWithoutValidation("User-Agent", "LlmGateway");
            request.Headers.TryAddWithoutValidation("Accept", "image/*");
            return await _http.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException e)
        {
            // What a private network answers, and whether it does, is nobody's business.
            throw new ImageException(e.InnerException is PrivateAddressException ? "its address is not a public one" : "its server cannot be reached");
        }
    }

    private async Task<byte[]> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentLength > _options.MaxBytes)
        {
            throw TooLarge();
        }

        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            using var image = new MemoryStream();
            var buffer = new byte[81_920];
            while (await body.ReadAsync(buffer, cancellationToken) is var count and > 0)
            {
                if (image.Length + count > _options.MaxBytes)
                {
                    throw TooLarge();
                }

                image.Write(buffer.AsSpan(0, count));
            }

            return ToData(image.GetBuffer().AsSpan(0, (int)image.Length));
        }
        catch (Exception e) when (e is HttpRequestException || (e is IOException and not PrivateAddressException))
        {
            throw new ImageException("its server broke off");
        }
    }

    private static byte[] ToData(ReadOnlySpan<byte> image)
    {
        var head = Encoding.ASCII.GetBytes($"data:{TypeOf(image)};base64,");
        var data = new byte[head.Length + Base64.GetMaxEncodedToUtf8Length(image.Length)];
        head.CopyTo(data, 0);
        Base64.EncodeToUtf8(image, data.AsSpan(head.Length), out _, out _);
        return data;
    }

    /// <summary>By its first bytes, because servers say anything: the four types that every provider reads.</summary>
    private static string TypeOf(ReadOnlySpan<byte> image) =>
        image.StartsWith(Png) ? "image/png"
        : image.StartsWith(Jpeg) ? "image/jpeg"
        : image.StartsWith("GIF87a"u8) || image.StartsWith("GIF89a"u8) ? "image/gif"
        : image.Length >= 12 && image.StartsWith("RIFF"u8) && image[8..12].SequenceEqual("WEBP"u8) ? "image/webp"
        : throw new ImageException("it is no PNG, JPEG, GIF or WebP image");

    private static ReadOnlySpan<byte> Png => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a];

    private static ReadOnlySpan<byte> Jpeg => [0xff, 0xd8, 0xff];

    private ImageException TooLarge() => new($"it has more than {_options.MaxBytes} bytes");
}

/// <summary>Why an image was not fetched: words for the client, that begin in the middle of a sentence.</summary>
internal sealed class ImageException(string message) : Exception(message);

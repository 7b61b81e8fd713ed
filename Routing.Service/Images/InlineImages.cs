using System.Buffers;
using System.Globalization;
using System.Text.Json;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using Microsoft.Extensions.Options;

namespace LlmGateway.Routing.Images;

/// <summary>
/// Puts the images into a request whose provider does not fetch them itself:
/// <code>"image_url":{"url":"http://example.org/cat.png"}  →  "image_url":{"url":"data:image/png;base64,…"}</code>
/// </summary>
internal sealed class InlineImages(ImageFetcher fetcher, IOptions<ImageOptions> options, TimeProvider time)
{
    /// <returns>The request to send, or why there is none.</returns>
    public async Task<(ChatRequest? Chat, CallFault? Fault)> ApplyAsync(ChatRequest chat, Deployment deployment, CancellationToken cancellationToken)
    {
        if (!options.Value.Fetch || chat.Images == 0)
        {
            return (chat, null);
        }

        List<(Range Place, Uri Address)> places;
        try
        {
            places = Find(chat.Body.Span, deployment.Provider);
        }
        catch (InvalidOperationException)
        {
            return (null, Refused("An image's address has half of a surrogate pair."));
        }

        if (places.Count == 0)
        {
            return (chat, null);
        }

        if (places.Count > options.Value.MaxCount)
        {
            return (null, Refused(string.Create(CultureInfo.InvariantCulture, $"More than {options.Value.MaxCount} images would have to be fetched.")));
        }

        using var patience = new CancellationTokenSource(options.Value.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            var images = await Task.WhenAll(places.Select(place => fetcher.FetchAsync(place.Address, either.Token)));
            return (ChatRequest.Read(Replace(chat.Body, places, images), out _, out _), null);
        }
        catch (ImageException e)
        {
            return (null, Refused($"An image cannot be fetched: {e.Message}."));
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return (null, Refused("An image cannot be fetched: its server takes too long."));
        }
    }

    private static CallFault Refused(string message) =>
        new(CallFailure.InvalidRequest, message) { Param = "messages", Code = "invalid_image_url" };

    /// <summary>Who fetches images itself, and by which schemes.</summary>
    private static bool Fetches(string provider, Uri address) => provider switch
    {
        ProviderName.OpenAi or ProviderName.Azure => true,
        ProviderName.Anthropic or ProviderName.Gemini => address.Scheme == Uri.UriSchemeHttps,
        _ => false,
    };

    private static List<(Range Place, Uri Address)> Find(ReadOnlySpan<byte> body, string provider)
    {
        var found = new List<(Range, Uri)>();
        var reader = new Utf8JsonReader(body);
        var depth = -1;
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
            {
                depth = reader.CurrentDepth < depth ? -1 : depth;
                continue;
            }

            // {"image_url":"http://…"}, or {"image_url":{"url":"http://…","detail":"low"}}
            var image = reader.ValueTextEquals("image_url"u8);
            var url = depth >= 0 && reader.CurrentDepth == depth + 1 && reader.ValueTextEquals("url"u8);
            if (!image && !url)
            {
                continue;
            }

            depth = image ? reader.CurrentDepth : depth;
            reader.Read();
            if (reader.TokenType == JsonTokenType.String && !reader.ValueSpan.StartsWith("data:"u8)
                && Uri.TryCreate(reader.GetString(), UriKind.Absolute, out var address)
                && address.Scheme is "http" or "https" && !Fetches(provider, address))
            {
                found.Add(((int)reader.TokenStartIndex..(int)reader.BytesConsumed, address));
            }
        }

        return found;
    }

    private static ReadOnlyMemory<byte> Replace(ReadOnlyMemory<byte> body, List<(Range Place, Uri Address)> places, byte[][] images)
    {
        var output = new ArrayBufferWriter<byte>(body.Length + images.Sum(image => image.Length + 2));
        var position = 0;
        for (var index = 0; index < images.Length; index++)
        {
            output.Write(body.Span[position..places[index].Place.Start.Value]);
            output.Write("\""u8);
            output.Write(images[index]);
            output.Write("\""u8);
            position = places[index].Place.End.Value;
        }

        output.Write(body.Span[position..]);
        return output.WrittenMemory;
    }
}

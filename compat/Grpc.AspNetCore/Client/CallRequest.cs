using System.Runtime.CompilerServices;
using Grpc.Core;
using Grpc.Wire;

namespace Grpc.Net.Client;

// What a call sends before its messages.
internal abstract partial class ClientCall
{
    private static readonly string UserAgent = $"grpc-dotnet-llmgateway/{typeof(ClientCall).Assembly.GetName().Version?.ToString(3)}";

    /// <returns>Null when the headers were the whole answer, and the call has ended.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    protected async ValueTask<HttpResponseMessage?> SendAsync(HttpContent content)
    {
        if (_completed)
        {
            throw CreateException();
        }

        var request = CreateRequest(content);
        if ((_options.Credentials ?? Channel.Credentials?.CallCredentials) is not null)
        {
            await ApplyCredentialsAsync(request);
        }

        return Receive(await Channel.SendAsync(request, Stop.Token));
    }

    private HttpRequestMessage CreateRequest(HttpContent content)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, Channel.GetAddress(_method))
        {
            Version = Channel.HttpVersion,
            VersionPolicy = Channel.HttpVersionPolicy,
            Content = content,
        };
        var headers = request.Headers;
        headers.TryAddWithoutValidation("te", "trailers");
        headers.TryAddWithoutValidation("grpc-accept-encoding", Gzip.Accepted);
        if (_host is not null)
        {
            headers.Host = _host;
        }

        if (_deadline != DateTime.MaxValue)
        {
            headers.TryAddWithoutValidation("grpc-timeout", Timeouts.ToWire(_deadline - Now));
        }

        if (_options.Headers is { Count: > 0 } metadata)
        {
            AddMetadata(request, metadata);
        }

        // A caller's own name replaces this one.
        if (!headers.NonValidated.Contains("user-agent"))
        {
            headers.TryAddWithoutValidation("user-agent", UserAgent);
        }

        return request;
    }

    private async Task ApplyCredentialsAsync(HttpRequestMessage request)
    {
        if (!Channel.IsSecure && !Channel.Options.UnsafeUseInsecureChannelCallCredentials)
        {
            Log.CredentialsNotSent(Channel.Logger, _method.FullName);
            return;
        }

        var context = new AuthInterceptorContext(new Uri(Channel.Address, _method.ServiceName).ToString(), _method.Name, Stop.Token);
        await ApplyAsync(Channel.Credentials?.CallCredentials, context, request);
        await ApplyAsync(_options.Credentials, context, request);
    }

    private static async Task ApplyAsync(CallCredentials? credentials, AuthInterceptorContext context, HttpRequestMessage request)
    {
        if (credentials is not null)
        {
            var metadata = new Metadata();
            await credentials.ApplyAsync(context, metadata);
            AddMetadata(request, metadata);
        }
    }

    private static void AddMetadata(HttpRequestMessage request, Metadata metadata)
    {
        foreach (var entry in metadata)
        {
            var value = HeaderMetadata.ToWire(entry);
            if (entry.IsBinary && request.Headers.NonValidated.TryGetValues(entry.Key, out var before))
            {
                // HttpClient would join them by ", ", and not every peer takes the space for none.
                request.Headers.Remove(entry.Key);
                value = $"{before},{value}";
            }

            // "content-language" and its like belong to the content in HttpClient's eyes.
            if (!HeaderMetadata.IsReservedInRequests(entry.Key) && !request.Headers.TryAddWithoutValidation(entry.Key, value))
            {
                request.Content!.Headers.TryAddWithoutValidation(entry.Key, value);
            }
        }
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LlmGateway.Cli.Connection;

/// <summary>The gateway's /admin, and the failures of asking it in one line each.</summary>
internal sealed class GatewayClient(GatewayAddress address, Func<AdministratorKey> findKey) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(100);

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        // A redirect would be a wrong address; it must not get the key.
        AllowAutoRedirect = false,
        UseProxy = !address.Uri.IsLoopback,
        ConnectTimeout = TimeSpan.FromSeconds(10),
    })
    {
        BaseAddress = address.Uri,
        Timeout = Timeout.InfiniteTimeSpan,
    };

    // Looked for at the first call that needs it, so that what is wrong with the options is said first.
    private readonly Lazy<AdministratorKey> _key = new(findKey);

    public GatewayAddress Address => address;

    /// <summary>How long an answer that has begun may be silent. The gateway itself gives up on a silent provider earlier.</summary>
    public TimeSpan BodyPatience { get; init; } = Patience;

    public Task<GatewayAnswer> GetAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, path, body: null, cancellationToken);

    public Task<GatewayAnswer> PostAsync(string path, JsonNode? body, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, body, cancellationToken);

    public async Task<GatewayAnswer> SendAsync(HttpMethod method, string path, JsonNode? body, CancellationToken cancellationToken)
    {
        using var content = body is null ? null : new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        return await SendAsync(method, path, content, Patience, cancellationToken);
    }

    /// <summary>Throws <see cref="RefusedException"/> where the gateway refuses.</summary>
    public async Task<GatewayAnswer> SendAsync(
        HttpMethod method, string path, HttpContent? content, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var response = await OpenAsync(method, path, content, patience, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        try
        {
            return GatewayAnswer.Of(text) with { IsReplayed = response.Headers.Contains("Idempotent-Replayed") };
        }
        catch (JsonException)
        {
            throw new LostAnswerException($"{address} answered with something that is not JSON. Is this the gateway's address?");
        }
    }

    /// <summary>An answer whose body is still to be read; a refusal is thrown.</summary>
    public async Task<HttpResponseMessage> OpenAsync(
        HttpMethod method, string path, HttpContent? content, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path.TrimStart('/')) { Content = content };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _key.Value.Secret);
        var response = await AskAsync(request, patience, cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw Refusal(response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
        }
    }

    /// <summary>Any answer, with the request as it is: no key is added.</summary>
    public async Task<HttpResponseMessage> AskAsync(HttpRequestMessage request, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        try
        {
            var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            return await WithPatienceAsync(response, cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            var message = $"Nothing answers at {address} ({exception.HttpRequestError}). Start the gateway with ./run.sh, or name its address by --url "
                + $"or {GatewayAddress.Variable}.";
            throw IsUnsent(exception.HttpRequestError) ? new FailedException(message) : new LostAnswerException(message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new LostAnswerException($"{address} did not answer within {patience.TotalSeconds:0} seconds.");
        }
    }

    // There was no connection to send anything on.
    private static bool IsUnsent(HttpRequestError error) =>
        error is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError;

    public AuthenticationHeaderValue Authorization => new("Bearer", _key.Value.Secret);

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> WithPatienceAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var head = response.Content.Headers;
        response.Content = new StreamContent(new PatientStream(await response.Content.ReadAsStreamAsync(cancellationToken), BodyPatience, address));
        foreach (var (name, values) in head)
        {
            response.Content.Headers.TryAddWithoutValidation(name, values);
        }

        return response;
    }

    private RefusedException Refusal(HttpStatusCode status, string text)
    {
        var refused = RefusedException.Read(status, text)
            ?? new RefusedException($"{address} answered {(int)status}, and not as the gateway does. Is this its address?", null, default) { IsOfServer = (int)status >= 500 };
        return status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
            ? new RefusedException($"{refused.Message} The key was taken from {_key.Value.Source}.", refused.Code, refused.Metadata)
            : refused;
    }
}

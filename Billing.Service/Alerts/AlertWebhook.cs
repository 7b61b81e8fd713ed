using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using LlmGateway.Billing.Pricing;
using LlmGateway.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace LlmGateway.Billing.Alerts;

/// <summary>
/// Posts an alert to the operator's webhook:
/// <code>
/// POST /alerts
/// x-llmgateway-timestamp: 1795255200
/// x-llmgateway-signature: v1=hex of HMAC-SHA256(secret, "1795255200." + body)
///
/// {"id":"alert_17","object":"spend_alert","account":"acme","threshold":10,"window":"day","window_start":"2026-11-21","spend":10.25,
///  "currency":"USD","time":"2026-11-21T10:00:00Z"}
/// </code>
/// </summary>
internal sealed class AlertWebhook : IDisposable
{
    private readonly AlertOptions _options;
    private readonly TimeProvider _time;
    private readonly byte[] _secret;

    private readonly HttpClient _http;

    public AlertWebhook(IOptions<AlertOptions> options, TimeProvider time)
    {
        (_options, _time) = (options.Value, time);
        _secret = Encoding.UTF8.GetBytes(_options.AlertWebhookSecret);

        // Not of the factory, which logs addresses. A redirect would send what is signed to somebody who was not configured.
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            MaxResponseHeadersLength = 16,
        };
        if (!_options.AlertWebhookAllowPrivate)
        {
            (handler.UseProxy, handler.ConnectCallback) = (false, PublicNetwork.ConnectAsync);
        }

        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <returns>Null when it was accepted, else why not, in words that show neither the address nor the answer.</returns>
    public async Task<string?> PostAsync(AlertEvent alert, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(_options.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            using var request = Request(alert);

            // The answer's body may be endless, and says nothing.
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return response.IsSuccessStatusCode ? null : string.Create(CultureInfo.InvariantCulture, $"status {(int)response.StatusCode}");
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return "no answer in time";
        }
        catch (HttpRequestException exception) when (exception.InnerException is PrivateAddressException)
        {
            return "not sent: the address is not a public one, and Billing__AlertWebhookAllowPrivate is not set";
        }
        catch (HttpRequestException exception)
        {
            return $"not sent: {exception.HttpRequestError}";
        }
    }

    public void Dispose() => _http.Dispose();

    internal static string Signature(byte[] secret, string timestamp, ReadOnlySpan<byte> body)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        hmac.AppendData(Encoding.ASCII.GetBytes(timestamp + "."));
        hmac.AppendData(body);
        return "v1=" + Convert.ToHexStringLower(hmac.GetHashAndReset());
    }

    private HttpRequestMessage Request(AlertEvent alert)
    {
        var body = Body(alert);
        var timestamp = _time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        return new HttpRequestMessage(HttpMethod.Post, _options.AlertWebhookUrl)
        {
            Content = content,
            Headers =
            {
                { "x-llmgateway-timestamp", timestamp },
                { "x-llmgateway-signature", Signature(_secret, timestamp, body) },
            },
        };
    }

    private static byte[] Body(AlertEvent alert)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("id", Name(alert));
            json.WriteString("object", "spend_alert");
            json.WriteString("account", alert.AccountId);
            json.WriteNumber("threshold", alert.Alert.Amount.ToUsd());
            json.WriteString("window", alert.Alert.Window.Name());
            if (alert.Alert.Window != AlertWindow.Total)
            {
                json.WriteString("window_start", alert.Starts.ToString("O", CultureInfo.InvariantCulture));
            }
            else
            {
                json.WriteNull("window_start");
            }

            json.WriteNumber("spend", alert.Spend.ToUsd());
            json.WriteString("currency", "USD");
            json.WriteString("time", alert.FiredAt.UtcDateTime);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static string Name(AlertEvent alert) => string.Create(CultureInfo.InvariantCulture, $"alert_{alert.Id}");
}

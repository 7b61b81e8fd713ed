using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Threading.Channels;
using OpenTelemetry;

namespace LlmGateway.ServiceDefaults.Export.Sentry;

/// <summary>
/// Sends envelopes to Sentry, one after the other. Its own client package is not in every feed that this is built from, and what is needed of it is small:
/// the documented envelope over HTTP (develop.sentry.dev/sdk/foundations/transport/envelopes/). The queue is bounded: what finds it full, is not
/// taken, or comes while Sentry wants none, is counted and gone.
/// </summary>
internal sealed class SentryQueue : IDisposable
{
    public const string Client = "llmgateway";

    /// <summary>Items that wait at most.</summary>
    public const int Bound = 100;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LastPatience = TimeSpan.FromSeconds(2);

    private readonly Channel<SentryItem> _items = Channel.CreateBounded<SentryItem>(new BoundedChannelOptions(Bound) { SingleReader = true });
    private readonly HttpClient _http;
    private readonly SentryDsn _dsn;
    private readonly SentrySource _source;
    private readonly SentryLimits _limits;
    private readonly ExportCount _errors;
    private readonly ExportCount _transactions;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _over = new();
    private readonly Task _sending;
    private int _disposed;

    public SentryQueue(SentryDsn dsn, SentrySource source, ExportTally tally, TimeProvider time)
    {
        (_dsn, _source, _time, _limits) = (dsn, source, time, new SentryLimits(time));
        (_errors, _transactions) = (tally.Of("sentry", "errors"), tally.Of("sentry", "traces"));
        _http = new HttpClient(new SocketsHttpHandler
        {
            ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(),
            AllowAutoRedirect = false,
            UseCookies = false,
        })
        { Timeout = Patience };
        using (ExecutionContext.SuppressFlow())
        {
            _sending = SendAllAsync();
        }
    }

    /// <summary>Never waits.</summary>
    public void Add(SentryItem item)
    {
        if (!_items.Writer.TryWrite(item))
        {
            CountOf(item).Lost(1);
        }
    }

    /// <summary>Sends what waits, for two seconds.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _items.Writer.Complete();
        if (!_sending.Wait(LastPatience))
        {
            _over.Cancel();
            _sending.Wait(LastPatience);
        }

        _http.Dispose();
        _over.Dispose();
    }

    private async Task SendAllAsync()
    {
        await Task.Yield();

        // These requests are nobody's spans.
        using var untraced = SuppressInstrumentationScope.Begin();
        await foreach (var item in _items.Reader.ReadAllAsync())
        {
            if (await TrySendAsync(item))
            {
                CountOf(item).Delivered(1);
            }
            else
            {
                CountOf(item).Lost(1);
            }
        }
    }

    private async Task<bool> TrySendAsync(SentryItem item)
    {
        if (_over.IsCancellationRequested || !_limits.Allows(item.Category))
        {
            return false;
        }

        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, _dsn.Envelopes)
            {
                Content = new ByteArrayContent(item.ToEnvelope(_source, _time.GetUtcNow()))
                {
                    Headers = { ContentType = new MediaTypeHeaderValue("application/x-sentry-envelope") },
                },
            };
            request.Headers.TryAddWithoutValidation(
                "X-Sentry-Auth", $"Sentry sentry_version=7, sentry_client={Client}/{_source.Release}, sentry_key={_dsn.PublicKey}");
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _over.Token);
            _limits.Read(response);
            return response.StatusCode is >= HttpStatusCode.OK and < HttpStatusCode.Ambiguous;
        }
#pragma warning disable CA1031 // Whatever an item has in it, the next ones are sent.
        catch (Exception)
#pragma warning restore CA1031
        {
            return false;
        }
    }

    private ExportCount CountOf(SentryItem item) => item is SentryError ? _errors : _transactions;
}

using System.Diagnostics;
using OpenTelemetry;

namespace LlmGateway.ServiceDefaults.Export.Sentry;

/// <summary>
/// Each request of this process, in the traces that are sampled, as a transaction: the span that has no parent in this process, with those below it.
/// They have been through <see cref="SpanScrubber"/>.
/// </summary>
internal sealed class SentryTransactions(SentryQueue queue, double share) : BaseProcessor<Activity>
{
    private const int MostSpans = 200;
    private const string Below = "llmgateway.sentry.spans";

    public bool IsOn => share > 0;

    public override void OnEnd(Activity data)
    {
        if (!data.Recorded || !IsSampled(data.TraceId))
        {
            return;
        }

        if (data.Parent is null)
        {
            var spans = data.GetCustomProperty(Below) as List<Activity>;
            queue.Add(new SentryTransaction(data, spans is null ? [] : Copy(spans)));
            return;
        }

        var root = data;
        while (root.Parent is { } parent)
        {
            root = parent;
        }

        lock (root)
        {
            if (root.GetCustomProperty(Below) is not List<Activity> spans)
            {
                root.SetCustomProperty(Below, spans = []);
            }

            if (spans.Count < MostSpans)
            {
                spans.Add(data);
            }
        }

        Activity[] Copy(List<Activity> spans)
        {
            lock (data)
            {
                return [.. spans];
            }
        }
    }

    // By the trace's id, so that all processes take the same ones.
    internal bool IsSampled(ActivityTraceId trace)
    {
        if (share is <= 0 or >= 1)
        {
            return share > 0;
        }

        Span<byte> id = stackalloc byte[16];
        trace.CopyTo(id);
        return BitConverter.ToUInt64(id[8..]) < share * ulong.MaxValue;
    }
}

using System.Collections.Concurrent;
using System.Net;
using LlmGateway.Testing.Otlp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LlmGateway.Testing;

/// <summary>A span as the collector received it; ids are lower-case hex, the parent's empty at the root.</summary>
public sealed record CollectedSpan(string Service, string TraceId, string SpanId, string ParentId, string Name, string Scope)
{
    /// <summary>OTLP's number: 2 of a server, 3 of a client.</summary>
    public int Kind { get; init; }

    /// <summary>By name; whole numbers are long.</summary>
    public IReadOnlyDictionary<string, object> Attributes { get; init; } = new Dictionary<string, object>();
}

/// <summary>One export as it came: protobuf bytes of "traces", "metrics" or "logs".</summary>
public sealed record CollectedExport(string Signal, byte[] Bytes);

/// <summary>An OTLP collector on a free port: HTTP with protobuf bodies, all of them kept, and the spans of traces read.</summary>
public sealed class OtlpCollector : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<CollectedSpan> _spans = new();
    private readonly ConcurrentQueue<CollectedExport> _exports = new();
    private TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private OtlpCollector(WebApplication app) => _app = app;

    /// <summary>For OTEL_EXPORTER_OTLP_ENDPOINT, with OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf.</summary>
    public string Endpoint => _app.Urls.First();

    public IReadOnlyCollection<CollectedSpan> Spans => _spans;

    public IReadOnlyCollection<CollectedExport> Exports => _exports;

    public static async Task<OtlpCollector> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var collector = new OtlpCollector(builder.Build());
        collector._app.MapPost("/v1/{signal}", collector.ReceiveAsync);
        await collector._app.StartAsync();
        return collector;
    }

    /// <summary>Waits until a trace satisfies the condition and returns its spans.</summary>
    public async Task<IReadOnlyList<CollectedSpan>> WaitForTraceAsync(
        Func<IReadOnlyList<CollectedSpan>, bool> complete, CancellationToken cancellationToken)
    {
        while (true)
        {
            var arrived = Volatile.Read(ref _arrived).Task;
            var trace = _spans.GroupBy(span => span.TraceId).Select(group => (IReadOnlyList<CollectedSpan>)[.. group]).FirstOrDefault(complete);
            if (trace is not null)
            {
                return trace;
            }

            await arrived.WaitAsync(cancellationToken);
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task<IResult> ReceiveAsync(HttpRequest request, string signal)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        var export = new CollectedExport(signal, body.ToArray());
        if (signal == "traces")
        {
            ReadSpans(export.Bytes);
        }

        _exports.Enqueue(export);
        Interlocked.Exchange(ref _arrived, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        return Results.Bytes([], "application/x-protobuf");
    }

    private void ReadSpans(byte[] body)
    {
        foreach (var resource in ExportTraceServiceRequest.Parser.ParseFrom(body).ResourceSpans)
        {
            var service = resource.Resource.Attributes.FirstOrDefault(a => a.Key == "service.name")?.Value.StringValue ?? "";
            foreach (var scope in resource.ScopeSpans)
            {
                foreach (var span in scope.Spans)
                {
                    _spans.Enqueue(new CollectedSpan(
                        service, Hex(span.TraceId), Hex(span.SpanId), Hex(span.ParentSpanId), span.Name, scope.Scope?.Name ?? "")
                    {
                        Kind = span.Kind,
                        Attributes = span.Attributes.ToDictionary(each => each.Key, each => ValueOf(each.Value)),
                    });
                }
            }
        }
    }

    private static object ValueOf(AnyValue value) => value.ValueCase switch
    {
        AnyValue.ValueOneofCase.BoolValue => value.BoolValue,
        AnyValue.ValueOneofCase.IntValue => value.IntValue,
        AnyValue.ValueOneofCase.DoubleValue => value.DoubleValue,
        _ => value.StringValue,
    };

    private static string Hex(Google.Protobuf.ByteString bytes) => Convert.ToHexStringLower(bytes.Span);
}

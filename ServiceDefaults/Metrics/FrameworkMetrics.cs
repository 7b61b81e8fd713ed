namespace LlmGateway.ServiceDefaults.Metrics;

/// <summary>What every service has of the runtime, of Kestrel, of HTTP and of Npgsql.</summary>
/// <remarks>No label here is a client's: routes are templates, and addresses that are called are left out, because images may lie anywhere.</remarks>
internal static class FrameworkMetrics
{
    private static readonly double[] Seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

    public static readonly MetricTable[] Tables =
    [
        MetricTable.Of(
            "Microsoft.AspNetCore.Hosting",
            new("http.server.request.duration", MetricKind.Histogram, "s", "From a request's first byte to its answer's last.",
                "http.request.method", "http.route", "http.response.status_code", "error.type") { Buckets = Seconds },
            new("http.server.active_requests", MetricKind.Gauge, "{request}", "Requests being answered.", "http.request.method")),
        MetricTable.Of(
            "Microsoft.AspNetCore.Server.Kestrel",
            new("kestrel.active_connections", MetricKind.Gauge, "{connection}", "Open connections of clients."),
            new("kestrel.rejected_connections", MetricKind.Counter, "{connection}", "Connections beyond the limit.") { AppearsWith = Loaded },
            new("kestrel.queued_requests", MetricKind.Gauge, "{request}", "Requests that wait for a thread.") { AppearsWith = Loaded }),
        MetricTable.Of(
            "System.Net.Http",
            new("http.client.request.duration", MetricKind.Histogram, "s", "From a request of ours to the head of its answer.",
                "http.request.method", "http.response.status_code", "error.type") { Buckets = Seconds, AppearsWith = Calling },
            new("http.client.open_connections", MetricKind.Gauge, "{connection}", "Connections to other servers.",
                "http.connection.state", "network.protocol.version") { AppearsWith = Calling },
            new("http.client.request.time_in_queue", MetricKind.Histogram, "s", "How long a request of ours waited for a connection.",
                "http.request.method") { Buckets = Seconds, AppearsWith = Calling }),
        MetricTable.Of(
            "System.Runtime",
            new("dotnet.process.cpu.time", MetricKind.Counter, "s", "Processor time used.", "cpu.mode"),
            new("dotnet.process.memory.working_set", MetricKind.Gauge, "By", "Memory that is resident."),
            new("dotnet.gc.heap.total_allocated", MetricKind.Counter, "By", "Bytes allocated."),
            new("dotnet.gc.last_collection.heap.size", MetricKind.Gauge, "By", "Size of the heap after the last collection.", "gc.heap.generation") { AppearsWith = "the first collection" },
            new("dotnet.gc.collections", MetricKind.Counter, "{collection}", "Collections.", "gc.heap.generation"),
            new("dotnet.gc.pause.time", MetricKind.Counter, "s", "Time that collections stopped all threads."),
            new("dotnet.thread_pool.thread.count", MetricKind.Gauge, "{thread}", "Threads of the pool.") { OtherPrometheusName = "dotnet_thread_pool_threads" },
            new("dotnet.thread_pool.queue.length", MetricKind.Gauge, "{work_item}", "What waits for a thread of the pool."),
            new("dotnet.monitor.lock_contentions", MetricKind.Counter, "{contention}", "Times that a thread waited for a lock."),
            new("dotnet.exceptions", MetricKind.Counter, "{exception}", "Exceptions thrown, caught ones too.", "error.type") { AppearsWith = "the first exception" }),
        MetricTable.Of(
            "Npgsql",
            new("db.client.operation.duration", MetricKind.Histogram, "s", "From a command to the end of its answer, with errors by their class.", "error.type") { Buckets = Seconds, AppearsWith = Stored },
            new("db.client.connection.count", MetricKind.Gauge, "{connection}", "Connections to the database.", "db.client.connection.state") { OtherPrometheusName = "db_client_connections", AppearsWith = Stored },
            new("db.client.connection.max", MetricKind.Gauge, "{connection}", "How many there may be.") { AppearsWith = Stored }),
        TelemetryMetrics.Table,
        TelemetryMetrics.Queues,
    ];

    private const string Loaded = "a server at its limits";
    private const string Calling = "services that call others";
    private const string Stored = "services with a database";
}

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace LlmGateway.Bench.Ledger;

/// <summary>
/// Billing.Service as a process of its own, with the PostgreSQL that run.sh starts too: a durable one. What the environment says of
/// <c>Billing__…</c> reaches the service.
/// </summary>
internal sealed class BillingProcess : IAsyncDisposable
{
    private readonly DistributedApplication _app;
    private readonly string _state;

    private BillingProcess(DistributedApplication app, string state, Uri address) => (_app, _state, Address) = (app, state, address);

    /// <summary>The endpoint for gRPC.</summary>
    public Uri Address { get; }

    public static async Task<BillingProcess> StartAsync(FileInfo service, CancellationToken cancellationToken)
    {
        var state = Path.Combine("/var/tmp", $"llmgateway-bench-{Guid.NewGuid():N}");
        var (http, grpc) = (FreePort(), FreePort());
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions
        {
            DisableDashboard = true,
            Args = [$"--LLMGATEWAY_STATE={state}"],
        });
        var database = builder.AddPostgres("postgres").WithDataVolume().AddDatabase("billingdb");
        builder.AddExecutable("billing", "dotnet", service.DirectoryName!, service.FullName)
            .WithReference(database).WaitFor(database)
            .WithEnvironment("Kestrel__Endpoints__http__Url", Url(http))
            .WithEnvironment("Kestrel__Endpoints__grpc__Url", Url(grpc))
            .WithEnvironment("Billing__DefaultBalance", "1000000");

        var process = new BillingProcess(builder.Build(), state, new Uri(Url(grpc)));
        await process._app.StartAsync(cancellationToken);
        await UntilReadyAsync(new Uri($"{Url(http)}/ready"), cancellationToken);
        return process;
    }

    /// <summary>What the service and all of PostgreSQL's processes have used so far.</summary>
    public static CpuTimes Cpu()
    {
        var processes = ProcessTree.Of(Environment.ProcessId);
        return new(
            Sum(processes.Where(process => process.Arguments.Contains("Billing.Service.dll", StringComparison.Ordinal))),
            Sum(processes.Where(process => process.Name == "postgres")));

        static TimeSpan Sum(IEnumerable<RunningProcess> processes) => TimeSpan.FromTicks(processes.Sum(process => process.Cpu.Ticks));
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        Directory.Delete(_state, recursive: true);
    }

    private static async Task UntilReadyAsync(Uri ready, CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        while (true)
        {
            try
            {
                if ((await http.GetAsync(ready, limit.Token)).IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), limit.Token);
        }
    }

    private static string Url(int port) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

internal readonly record struct CpuTimes(TimeSpan Billing, TimeSpan Postgres)
{
    public static CpuTimes operator -(CpuTimes after, CpuTimes before) => new(after.Billing - before.Billing, after.Postgres - before.Postgres);
}

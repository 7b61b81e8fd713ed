using System.Runtime.InteropServices;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Display;
using Aspire.Hosting.Orchestration;
using Aspire.Hosting.State;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

public class DistributedApplication : IHost, IAsyncDisposable
{
    private readonly IHost _host;
    private readonly BuildInterception? _interception;
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _disposing;

    internal DistributedApplication(IHost host, BuildInterception? interception)
    {
        _host = host;
        _interception = interception;
        Orchestrator.PublishInitialStates();
    }

    public IServiceProvider Services => _host.Services;

    public ResourceNotificationService ResourceNotifications => Services.GetRequiredService<ResourceNotificationService>();

    public ResourceCommandService ResourceCommands => Services.GetRequiredService<ResourceCommandService>();

    internal Orchestrator Orchestrator => Services.GetRequiredService<Orchestrator>();

    public static IDistributedApplicationBuilder CreateBuilder() => CreateBuilder([]);

    public static IDistributedApplicationBuilder CreateBuilder(string[] args) =>
        CreateBuilder(new DistributedApplicationOptions { Args = args });

    public static IDistributedApplicationBuilder CreateBuilder(DistributedApplicationOptions options) =>
        new DistributedApplicationBuilder(options);

    public void Run() => RunAsync().GetAwaiter().GetResult();

    /// <summary>
    /// Starts everything and runs until a signal, or until a resource fails before it was ever ready: there is no dashboard to
    /// start it again from, so the run ends, with exit code 1.
    /// </summary>
    public virtual Task RunAsync(CancellationToken cancellationToken = default)
    {
        // Under Testing the test starts and stops the application; the entry point only waits for its end.
        return _interception is null ? RunToEndAsync(cancellationToken) : _disposed.Task.WaitAsync(cancellationToken);
    }

    public virtual Task StartAsync(CancellationToken cancellationToken = default) => _host.StartAsync(cancellationToken);

    public virtual Task StopAsync(CancellationToken cancellationToken = default) => _host.StopAsync(cancellationToken);

    public virtual void Dispose()
    {
        DisposeAsync().AsTask().GetAwaiter().GetResult();
        GC.SuppressFinalize(this);
    }

    /// <summary>Stops every process that still runs, then deletes what was temporary.</summary>
    public virtual async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposing, 1) == 1)
        {
            await _disposed.Task;
            return;
        }

        try
        {
            await Orchestrator.StopAsync(CancellationToken.None);
            ResourceNotifications.Complete();
            await ((IAsyncDisposable)_host).DisposeAsync();
        }
        finally
        {
            _disposed.TrySetResult();
            GC.SuppressFinalize(this);
        }
    }

    private async Task RunToEndAsync(CancellationToken cancellationToken)
    {
        // A closed terminal is a Ctrl-C: the host itself knows only SIGINT, SIGQUIT and SIGTERM.
        var lifetime = Services.GetRequiredService<IHostApplicationLifetime>();
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            lifetime.StopApplication();
        });
        using var table = new ResourceTable(
            ResourceNotifications, Services.GetRequiredService<ResourceOutput>(), Services.GetRequiredService<IResourceCollection>());
        try
        {
            await StartAsync(cancellationToken);
            await WaitForEndAsync(lifetime, cancellationToken);
            await StopAsync(CancellationToken.None);
        }
        catch (StateFolderInUseException e)
        {
            Terminal.Error(e.Message);
            System.Environment.ExitCode = 1;
        }
        finally
        {
            await DisposeAsync();
        }
    }

    private async Task WaitForEndAsync(IHostApplicationLifetime lifetime, CancellationToken cancellationToken)
    {
        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var bySignal = lifetime.ApplicationStopping.Register(stopping.SetResult);
        using var byCaller = cancellationToken.Register(() => stopping.TrySetResult());

        if (await Task.WhenAny(stopping.Task, Orchestrator.Failed) == Orchestrator.Failed)
        {
            Terminal.Error(await Orchestrator.Failed);
            System.Environment.ExitCode = 1;
        }
    }
}

using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>
/// How Aspire.Hosting.Testing gets at the builder of an AppHost's real entry point: the entry point runs on a thread that
/// carries one of these, CreateBuilder and Build see it, and Build waits until the test asks for the application.
/// </summary>
internal sealed class BuildInterception(
    Action<DistributedApplicationOptions, HostApplicationBuilderSettings> options,
    Action<ConfigurationManager, string> configuration)
{
    private static readonly AsyncLocal<BuildInterception?> Carried = new();

    private readonly TaskCompletionSource<DistributedApplicationBuilder> _builder = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<DistributedApplication> _app = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> _proceed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static BuildInterception? Current
    {
        get => Carried.Value;
        set => Carried.Value = value;
    }

    public Task<DistributedApplicationBuilder> Builder => _builder.Task;

    public Task<DistributedApplication> Application => _app.Task;

    public void Proceed() => _proceed.TrySetResult(true);

    /// <summary>Ends the entry point where it waits in Build: the test does not want the application any more.</summary>
    public void Abandon() => _proceed.TrySetResult(false);

    /// <summary>The entry point ended, by itself or by an exception, before it had built anything.</summary>
    public void Fail(Exception failure)
    {
        _builder.TrySetException(failure);
        _app.TrySetException(failure);
    }

    public void Configure(DistributedApplicationOptions target, HostApplicationBuilderSettings settings) => options(target, settings);

    public void Configure(ConfigurationManager target, string appHostDirectory) => configuration(target, appHostDirectory);

    public void WaitForBuild(DistributedApplicationBuilder builder)
    {
        _builder.TrySetResult(builder);
        if (!_proceed.Task.GetAwaiter().GetResult())
        {
            throw new HostAbortedException();
        }
    }

    public void Built(DistributedApplication app) => _app.TrySetResult(app);
}

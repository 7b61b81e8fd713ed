using System.Reflection;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Orchestration;
using Aspire.Hosting.Projects;
using Aspire.Hosting.State;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting;

internal sealed class DistributedApplicationBuilder : IDistributedApplicationBuilder
{
    private readonly DistributedApplicationOptions _options;
    private readonly BuildInterception? _interception = BuildInterception.Current;
    private readonly HostApplicationBuilder _host;
    private readonly ResourceCollection _resources = [];

    public DistributedApplicationBuilder(DistributedApplicationOptions options)
    {
        var settings = HostSettings();
        settings.Args = options.Args;
        _interception?.Configure(options, settings);
        _options = options;
        AppHostAssembly = options.AssemblyName is { } name ? Assembly.Load(name) : Assembly.GetEntryAssembly();
        AppHostDirectory = Path.TrimEndingDirectorySeparator(Path.GetFullPath(
            options.ProjectDirectory ?? AppHostMetadata.ProjectDirectory(AppHostAssembly) ?? Directory.GetCurrentDirectory()));
        settings.ContentRootPath ??= Directory.Exists(AppHostDirectory) ? AppHostDirectory : Directory.GetCurrentDirectory();

        _host = new HostApplicationBuilder(settings);
        _interception?.Configure(_host.Configuration, AppHostDirectory);
        State = new StateFolder(_host.Configuration, AppHostDirectory, options.Testing);
        AddServices();
    }

    public ConfigurationManager Configuration => _host.Configuration;

    public string AppHostDirectory { get; }

    public Assembly? AppHostAssembly { get; }

    public IHostEnvironment Environment => _host.Environment;

    public IServiceCollection Services => _host.Services;

    public DistributedApplicationExecutionContext ExecutionContext { get; } = new(DistributedApplicationOperation.Run);

    public IResourceCollection Resources => _resources;

    internal StateFolder State { get; }

    public IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource
    {
        _resources.Add(resource);
        return CreateResourceBuilder(resource);
    }

    public IResourceBuilder<T> CreateResourceBuilder<T>(T resource)
        where T : IResource => new ResourceBuilder<T>(this, resource);

    public DistributedApplication Build()
    {
        _interception?.WaitForBuild(this);
        var app = new DistributedApplication(_host.Build(), _interception);
        _interception?.Built(app);
        return app;
    }

    internal static DistributedApplicationBuilder Of(IDistributedApplicationBuilder builder) => builder switch
    {
        DistributedApplicationBuilder own => own,
        IBuilderWrapper wrapper => wrapper.Inner,
        _ => throw new ArgumentException("Not a builder made by DistributedApplication.CreateBuilder.", nameof(builder)),
    };

    private static HostApplicationBuilderSettings HostSettings()
    {
        // Each watcher of appsettings.json takes one of the machine's few inotify instances, and nothing here reloads.
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection([new("hostBuilder:reloadConfigOnChange", "false")]);
        return new HostApplicationBuilderSettings { Configuration = configuration };
    }

    private void AddServices()
    {
        Services.AddSingleton(_ => State); // Made by the container, so that it is disposed by it.
        Services.AddSingleton(_options);
        Services.AddSingleton(ExecutionContext);
        Services.AddSingleton<IResourceCollection>(_resources);
        Services.AddSingleton(TimeProvider.System);
        Services.AddSingleton(_ => new ResourceNotificationService());
        Services.AddSingleton<HealthMonitor>();
        Services.AddSingleton<ResourceOutput>();
        Services.AddSingleton<Orchestrator>();
        Services.AddSingleton(services => new ResourceCommandService(services.GetRequiredService<Orchestrator>()));
        Services.AddHostedService(services => services.GetRequiredService<Orchestrator>());
        Services.AddHealthChecks();
        Services.AddHttpClient();

        // Orchestrator bounds each stop itself; the host must not cut it short.
        Services.Configure<HostOptions>(o => o.ShutdownTimeout = Orchestrator.StopLimit + TimeSpan.FromSeconds(15));
        _host.Logging.AddFilter("Microsoft", LogLevel.Warning);
        _host.Logging.AddFilter("System.Net.Http", LogLevel.Warning);

        // A check that fails while its resource starts is no error; the resource's state tells the rest.
        _host.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
    }
}

/// <summary>The testing builder is one of these.</summary>
internal interface IBuilderWrapper
{
    DistributedApplicationBuilder Inner { get; }
}

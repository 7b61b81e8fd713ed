using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Testing;

public static class DistributedApplicationTestingBuilder
{
    /// <summary>Runs the entry point of the AppHost that TEntryPoint is the generated class of, up to its Build().</summary>
    public static Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(CancellationToken cancellationToken = default)
        where TEntryPoint : class => CreateAsync<TEntryPoint>([], cancellationToken);

    /// <param name="args">Configuration, such as "--Parameters:admin-key=x".</param>
    /// <param name="cancellationToken">Gives up waiting for the entry point.</param>
    public static Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(
        string[] args,
        CancellationToken cancellationToken = default)
        where TEntryPoint : class => CreateAsync<TEntryPoint>(args, (_, _) => { }, cancellationToken);

    public static async Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(
        string[] args,
        Action<DistributedApplicationOptions, HostApplicationBuilderSettings> configureBuilder,
        CancellationToken cancellationToken = default)
        where TEntryPoint : class
    {
        var assembly = typeof(TEntryPoint).Assembly;
        var interception = new BuildInterception(
            (options, settings) =>
            {
                TestSettings.Apply(options, settings, assembly, args);
                configureBuilder(options, settings);
            },
            (configuration, directory) => TestSettings.AddLaunchProfile(configuration, directory, args));
        var entry = EntryPoint.Start(assembly, args, interception);
        try
        {
            return new TestingBuilder(await interception.Builder.WaitAsync(cancellationToken), interception, entry);
        }
        catch (OperationCanceledException)
        {
            interception.Abandon();
            throw;
        }
    }
}

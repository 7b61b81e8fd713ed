using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;

namespace LlmGateway.Compat.Tests.Hosting;

public sealed class TestingBuilderTests
{
    [Fact]
    public async Task Arguments_are_configuration_of_the_entry_point()
    {
        var failure = await Should.ThrowAsync<InvalidOperationException>(
            () => DistributedApplicationTestingBuilder.CreateAsync<Projects.SampleHost>(["--Stop=before-build"]));

        failure.Message.ShouldBe("Stopped before Build, as asked.");
    }

    [Fact]
    public async Task The_test_changes_the_graph_before_it_is_built()
    {
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.SampleHost>(
            [], (options, settings) => options.EnableResourceLogging = true);

        builder.Environment.EnvironmentName.ShouldBe("Development");
        builder.AppHostDirectory.ShouldBe(Projects.SampleHost.ProjectPath);
        builder.Resources.Select(r => r.Name).ShouldBe(["postgres", "db", "redis", "service", "edge"]);
        builder.CreateResourceBuilder<ProjectResource>("service").WithExplicitStart();
        builder.AddProject<Projects.Sample__2nd>("service-2").WithExplicitStart();

        await using var app = await builder.BuildAsync();
        await app.ReachesAsync("service-2", KnownResourceStates.NotStarted);
    }

    [Fact]
    public async Task Before_the_start_there_is_no_address()
    {
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.SampleHost>();
        await using var app = await builder.BuildAsync();

        Should.Throw<InvalidOperationException>(() => app.CreateHttpClient("service"));
        var reference = builder.CreateResourceBuilder<ProjectResource>("service").GetEndpoint("http");
        Should.Throw<InvalidOperationException>(() => reference.Url).Message.ShouldContain("is not allocated");
    }

    [Fact]
    public async Task A_builder_that_is_not_built_ends_the_entry_point()
    {
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.SampleHost>();

        await builder.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Disposing_ends_every_process_and_deletes_the_temporary_state()
    {
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.SampleHost>();
        await using var app = await builder.BuildAsync();
        await app.StartAsync();
        await app.HealthyAsync("edge");
        var processes = new List<int>();
        foreach (var name in new[] { "postgres", "redis", "service", "edge" })
        {
            processes.Add((await app.HealthyAsync(name)).ProcessId());
        }

        var folder = ProcessTable.WorkingDirectory(processes[1])!;
        Directory.Exists(folder).ShouldBeTrue();
        folder.ShouldStartWith(Path.GetTempPath());

        await app.DisposeAsync();

        processes.ShouldAllBe(process => !ProcessTable.IsAlive(process));
        Directory.Exists(Path.GetDirectoryName(folder)).ShouldBeFalse();
    }
}

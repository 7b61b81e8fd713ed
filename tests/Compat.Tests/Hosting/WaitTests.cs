using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;

namespace LlmGateway.Compat.Tests.Hosting;

public sealed class WaitTests
{
    [Fact]
    public async Task A_resource_starts_only_when_what_it_waits_for_is_healthy()
    {
        var builder = SampleSystemExtensions.NewBuilder();
        var service = builder.AddProject<Projects.Sample_Service>("service")
            .WithEnvironment("StartsUnhealthy", "1")
            .WithHttpHealthCheck("/health", endpointName: "http");
        builder.AddExecutable("after-start", "sleep", "/", "1000").WaitForStart(service);
        builder.AddExecutable("after-health", "sleep", "/", "1000").WaitFor(service);
        await using var app = builder.Build();
        await app.StartAsync();

        await app.ReachesAsync("after-start", KnownResourceStates.Running);
        await app.ListensAsync("service");
        await app.ReachesAsync("service", change => change.Snapshot.HealthStatus is not null);
        await app.ReachesAsync("after-health", KnownResourceStates.Waiting);

        using var client = app.CreateHttpClient("service", "http");
        (await client.PostAsync("/healthy", content: null)).EnsureSuccessStatusCode();
        await app.HealthyAsync("after-health");
        await app.HealthyAsync("service");
    }

    [Fact]
    public async Task A_resource_whose_dependency_fails_fails_too_and_names_it()
    {
        var builder = SampleSystemExtensions.NewBuilder();
        var broken = builder.AddExecutable("broken", "sh", "/", "-c", "echo the reason; exit 3");
        builder.AddExecutable("never", "sleep", "/", "1000").WaitForCompletion(broken);
        await using var app = builder.Build();
        await app.StartAsync();

        var failure = await Should.ThrowAsync<DistributedApplicationException>(() => app.HealthyAsync("never"));

        failure.Message.ShouldStartWith(
            "Resource 'never' is in state FailedToStart: it waits for 'broken'. Resource 'broken' is in state Exited with exit code 3");
        failure.Message.ShouldContain("the reason");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task A_completion_that_is_waited_for_has_the_code_that_was_named(int code)
    {
        var builder = SampleSystemExtensions.NewBuilder();
        var job = builder.AddExecutable("job", "sh", "/", "-c", $"exit {code}");
        builder.AddExecutable("after", "sleep", "/", "1000").WaitForCompletion(job, code);
        await using var app = builder.Build();
        await app.StartAsync();

        await app.HealthyAsync("after");
        (await app.ReachesAsync("job", change => change.Snapshot.ExitCode == code)).Snapshot.State!.Text.ShouldBe(code == 0 ? "Finished" : "Exited");
    }

    [Fact]
    public async Task An_explicit_start_waits_for_the_command()
    {
        var builder = SampleSystemExtensions.NewBuilder();
        builder.AddExecutable("sleeper", "sleep", "/", "1000").WithExplicitStart();
        await using var app = builder.Build();
        await app.StartAsync();
        await app.ReachesAsync("sleeper", KnownResourceStates.NotStarted);

        (await app.ResourceCommands.ExecuteCommandAsync("sleeper", KnownResourceCommands.StartCommand)).Success.ShouldBeTrue();

        await app.HealthyAsync("sleeper");
    }

    [Fact]
    public async Task Who_still_waits_when_the_application_is_gone_is_told()
    {
        var builder = SampleSystemExtensions.NewBuilder();
        builder.AddExecutable("sleeper", "sleep", "/", "1000").WithExplicitStart();
        var app = builder.Build();
        await app.StartAsync();
        var waiting = app.HealthyAsync("sleeper");

        await app.DisposeAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task A_health_check_that_nobody_registered_is_refused_at_the_start()
    {
        var builder = SampleSystemExtensions.NewBuilder();
        builder.AddExecutable("sleeper", "sleep", "/", "1000").WithHealthCheck("unheard-of");
        await using var app = builder.Build();

        (await Should.ThrowAsync<DistributedApplicationException>(() => app.StartAsync())).Message.ShouldContain("'unheard-of'");
    }

    [Fact]
    public void A_resource_cannot_wait_for_itself()
    {
        var builder = SampleSystemExtensions.NewBuilder();
        var sleeper = builder.AddExecutable("sleeper", "sleep", "/", "1000");

        Should.Throw<DistributedApplicationException>(() => sleeper.WaitFor(sleeper));
    }
}

using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Npgsql;

namespace LlmGateway.Compat.Tests.Hosting;

public sealed class ResourceCommandTests
{
    [Fact]
    public async Task A_project_that_is_stopped_and_started_keeps_its_port_and_gets_a_new_process()
    {
        var builder = SampleSystemExtensions.NewBuilder();
        builder.AddProject<Projects.Sample_Service>("service").WithHttpHealthCheck("/health", endpointName: "http");
        await using var app = builder.Build();
        await app.StartAsync();
        var before = (await app.HealthyAsync("service")).ProcessId();
        var address = app.GetEndpoint("service", "http");

        (await app.ResourceCommands.ExecuteCommandAsync("service", KnownResourceCommands.StopCommand)).Success.ShouldBeTrue();
        ProcessTable.IsAlive(before).ShouldBeFalse();
        await app.ReachesAsync("service", KnownResourceStates.Exited);

        (await app.ResourceCommands.ExecuteCommandAsync("service", KnownResourceCommands.StartCommand)).Success.ShouldBeTrue();
        var second = (await app.HealthyAsync("service")).ProcessId();
        (await app.ResourceCommands.ExecuteCommandAsync("service", KnownResourceCommands.RestartCommand)).Success.ShouldBeTrue();
        var third = (await app.HealthyAsync("service")).ProcessId();

        new[] { before, second, third }.ShouldBeUnique();
        app.GetEndpoint("service", "http").ShouldBe(address);
        using var client = app.CreateHttpClient("service", "http");
        (await client.GetAsync("/health")).EnsureSuccessStatusCode();
    }

    [Fact]
    public async Task A_store_that_is_restarted_keeps_port_password_and_data()
    {
        var builder = SampleSystemExtensions.NewBuilder();
        var database = builder.AddPostgres("pg").AddDatabase("db");
        await using var app = builder.Build();
        await app.StartAsync();
        await app.HealthyAsync("db");
        var before = await app.GetConnectionStringAsync("db");
        await ExecuteAsync(before!, "create table kept (value int)");

        (await app.ResourceCommands.ExecuteCommandAsync("pg", KnownResourceCommands.RestartCommand)).Success.ShouldBeTrue();
        await app.HealthyAsync("pg");

        (await app.GetConnectionStringAsync("db")).ShouldBe(before);
        await ExecuteAsync(before!, "insert into kept values (1)");
        database.Resource.Parent.Databases["db"].ShouldBe("db");
    }

    [Fact]
    public async Task A_command_that_does_not_fit_is_refused_in_words()
    {
        var builder = SampleSystemExtensions.NewBuilder();
        builder.AddExecutable("sleeper", "sleep", "/", "1000");
        await using var app = builder.Build();
        await app.StartAsync();
        await app.ReachesAsync("sleeper", KnownResourceStates.Running);

        (await app.ResourceCommands.ExecuteCommandAsync("sleeper", "start")).Message.ShouldBe("Resource 'sleeper' is running already.");
        (await app.ResourceCommands.ExecuteCommandAsync("sleeper", "dance")).Message.ShouldBe("Command 'dance' not available for resource 'sleeper'.");
        (await app.ResourceCommands.ExecuteCommandAsync("nobody", "stop")).Message.ShouldBe("Resource 'nobody' not found.");
    }

    [Fact]
    public async Task A_killed_process_is_seen_as_exited_and_can_be_started_again()
    {
        var builder = SampleSystemExtensions.NewBuilder();
        builder.AddRedis("redis");
        await using var app = builder.Build();
        await app.StartAsync();
        var process = (await app.HealthyAsync("redis")).ProcessId();

        System.Diagnostics.Process.GetProcessById(process).Kill();

        (await app.ReachesAsync("redis", change => change.Snapshot.State?.Text == "Exited")).Snapshot.ExitCode.ShouldBe(137);
        (await app.ResourceCommands.ExecuteCommandAsync("redis", KnownResourceCommands.StartCommand)).Success.ShouldBeTrue();
        (await app.HealthyAsync("redis")).ProcessId().ShouldNotBe(process);
    }

    private static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}

using System.Net.Http.Json;
using Aspire.Hosting.Testing;
using Npgsql;

namespace LlmGateway.Compat.Tests.Hosting;

public sealed class SampleHostTests(SampleSystem system) : IClassFixture<SampleSystem>
{
    [Fact]
    public async Task A_service_gets_its_database_as_a_connection_string_and_in_parts()
    {
        var environment = await system.App.EnvironmentAsync("service");
        var server = new NpgsqlConnectionStringBuilder(await system.App.GetConnectionStringAsync("postgres"));

        environment["ConnectionStrings__db"].ShouldBe(await system.App.GetConnectionStringAsync("db"));
        environment["ConnectionStrings__db"].ShouldEndWith(";Database=sample");
        environment["DB_HOST"].ShouldBe(server.Host);
        environment["DB_PORT"].ShouldBe($"{server.Port}");
        environment["DB_USERNAME"].ShouldBe("postgres");
        environment["DB_PASSWORD"].ShouldBe(server.Password);
        environment["DB_DATABASENAME"].ShouldBe("sample");
        environment["DB_URI"].ShouldBe($"postgresql://postgres:{server.Password}@{server.Host}:{server.Port}/sample");
        environment["DB_JDBCCONNECTIONSTRING"].ShouldBe($"jdbc:postgresql://{server.Host}:{server.Port}/sample");
    }

    [Fact]
    public async Task A_service_gets_redis_with_its_generated_password()
    {
        var environment = await system.App.EnvironmentAsync("service");

        environment["ConnectionStrings__redis"].ShouldBe(
            $"{environment["REDIS_HOST"]}:{environment["REDIS_PORT"]},password={environment["REDIS_PASSWORD"]}");
        environment["REDIS_PASSWORD"].Length.ShouldBeGreaterThan(20);
        environment["REDIS_URI"].ShouldBe($"redis://:{environment["REDIS_PASSWORD"]}@{environment["REDIS_HOST"]}:{environment["REDIS_PORT"]}");
    }

    [Fact]
    public async Task A_reference_to_a_service_gives_every_endpoint_under_both_names()
    {
        var environment = await system.App.EnvironmentAsync("edge");
        var http = system.App.GetEndpoint("service", "http").ToString().TrimEnd('/');
        var grpc = system.App.GetEndpoint("service", "grpc").ToString().TrimEnd('/');

        environment["services__service__http__0"].ShouldBe(http);
        environment["services__service__grpc__0"].ShouldBe(grpc);
        environment["SERVICE_HTTP"].ShouldBe(http);
        environment["SERVICE_GRPC"].ShouldBe(grpc);
        grpc.ShouldNotBe(http);
    }

    [Fact]
    public async Task An_interpolated_variable_is_evaluated_when_the_endpoint_is_known() =>
        (await system.App.EnvironmentAsync("edge"))["SERVICE_URL"].ShouldBe($"{system.App.GetEndpoint("service", "http")}v1");

    [Fact]
    public async Task Endpoints_of_appsettings_win_over_the_launch_profile()
    {
        var environment = await system.App.EnvironmentAsync("service");

        environment["Kestrel__Endpoints__http__Url"].ShouldBe($"http://localhost:{system.App.GetEndpoint("service", "http").Port}");
        environment["Kestrel__Endpoints__grpc__Url"].ShouldBe($"http://localhost:{system.App.GetEndpoint("service", "grpc").Port}");
        environment.ShouldNotContainKey("ASPNETCORE_URLS");
    }

    [Fact]
    public async Task Addresses_of_the_launch_profile_become_endpoints_on_other_ports()
    {
        var environment = await system.App.EnvironmentAsync("edge");
        var first = system.App.GetEndpoint("edge", "http").Port;
        var second = system.App.GetEndpoint("edge", "http2").Port;

        environment["ASPNETCORE_URLS"].ShouldBe($"http://localhost:{first};http://localhost:{second}");
        new[] { first, second }.ShouldBeSubsetOf(Enumerable.Range(12000, 20000));
    }

    [Fact]
    public async Task The_first_project_profile_is_applied_and_the_hosts_own_environment_is_not_inherited()
    {
        var service = await system.App.EnvironmentAsync("service");
        var edge = await system.App.EnvironmentAsync("edge");

        service["FROM_PROFILE"].ShouldBe("http");
        service["DOTNET_LAUNCH_PROFILE"].ShouldBe("http");
        service["ASPNETCORE_ENVIRONMENT"].ShouldBe("Development");
        edge.ShouldNotContainKey("ASPNETCORE_ENVIRONMENT");
        edge.ShouldNotContainKey("DOTNET_ENVIRONMENT");
        edge["PATH"].ShouldBe(Environment.GetEnvironmentVariable("PATH"));
    }

    [Fact]
    public async Task The_process_is_the_service_itself_in_its_project_folder()
    {
        using var client = system.App.CreateHttpClient("service");
        var change = await system.App.HealthyAsync("service");

        (await client.GetFromJsonAsync<int>("/process")).ShouldBe(change.ProcessId());
        (await client.GetStringAsync("/directory")).ShouldBe(Path.GetDirectoryName(new Projects.Sample_Service().ProjectPath));
    }

    [Fact]
    public async Task Nothing_is_exported_and_no_prompt_captured_unless_an_address_is_configured() =>
        (await system.App.EnvironmentAsync("service")).Keys.ShouldNotContain(name => name.StartsWith("OTEL_", StringComparison.Ordinal));

    [Fact]
    public async Task The_database_is_there_and_takes_the_password_only()
    {
        var connectionString = await system.App.GetConnectionStringAsync("db");
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        connection.Database.ShouldBe("sample");

        await using var wrong = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(connectionString) { Password = "wrong", Pooling = false }.ConnectionString);
        (await Should.ThrowAsync<PostgresException>(() => wrong.OpenAsync())).SqlState.ShouldBe("28P01");
    }

    [Fact]
    public void An_unknown_name_is_said()
    {
        Should.Throw<ArgumentException>(() => system.App.GetEndpoint("serivce")).Message.ShouldStartWith("Resource 'serivce' not found.");
        Should.Throw<ArgumentException>(() => system.App.CreateHttpClient("service", "admin")).Message
            .ShouldStartWith("Endpoint 'admin' for resource 'service' not found.");
        Should.Throw<ArgumentException>(() => system.App.GetConnectionStringAsync("service").AsTask().GetAwaiter().GetResult()).Message
            .ShouldStartWith("Resource 'service' does not expose a connection string.");
        Should.Throw<ArgumentException>(() => system.App.ResourceNotifications.WaitForResourceAsync("nobody"));
    }
}

using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Orchestration;
using Aspire.Hosting.Processes;
using Aspire.Hosting.Testing;

namespace LlmGateway.Compat.Tests.Hosting;

public sealed class ModelTests
{
    [Fact]
    public void Two_resources_of_one_name_are_refused_whatever_the_case()
    {
        var builder = SampleSystemExtensions.NewBuilder();
        builder.AddRedis("store");

        Should.Throw<DistributedApplicationException>(() => builder.AddPostgres("Store")).Message.ShouldContain("already exists");
    }

    [Theory]
    [InlineData("")]
    [InlineData("2nd")]
    [InlineData("a_b")]
    [InlineData("a--b")]
    [InlineData("a-")]
    public void A_name_that_upstream_refuses_is_refused(string name) =>
        Should.Throw<ArgumentException>(() => SampleSystemExtensions.NewBuilder().AddExecutable(name, "true", "/"));

    [Fact]
    public async Task Every_kind_of_reference_ends_in_the_environment()
    {
        var builder = SampleSystemExtensions.NewBuilder();
        builder.Configuration["ConnectionStrings:elsewhere"] = "Host=elsewhere";
        builder.Configuration["Parameters:token"] = "t-1";
        var elsewhere = builder.AddConnectionString("elsewhere");
        var named = builder.AddConnectionString("absent");
        var token = builder.AddParameter("token", secret: true);
        var fix = builder.AddParameter("fix", "f-1");
        var other = builder.AddProject<Projects.Sample_Service>("other-1").WithExplicitStart();
        builder.AddProject<Projects.Sample_Service>("service", "second")
            .WithReference(elsewhere, connectionName: "main-db")
            .WithReference(named, optional: true)
            .WithReference(other.GetEndpoint("grpc"))
            .WithReference("vendor", new Uri("https://vendor.example/v1"))
            .WithEnvironment("TOKEN", token)
            .WithEnvironment("ENDPOINT", other.GetEndpoint("grpc"))
            .WithEnvironment("ELSEWHERE", elsewhere)
            .WithEnvironment("BRACES", $"{{{fix}}}")
            .WithEnvironment("LATE", () => "late")
            .WithEnvironment(context => context.EnvironmentVariables["PORT_OF_OTHER"] = other.GetEndpoint("grpc").Property(EndpointProperty.Port))
            .WithArgs("--FromArguments=yes");
        await using var app = builder.Build();
        await app.StartAsync();
        await app.HealthyAsync("service");
        await app.ListensAsync("service");
        var environment = await app.EnvironmentAsync("service");
        var grpc = app.GetEndpoint("other-1", "grpc");

        environment["ConnectionStrings__main-db"].ShouldBe("Host=elsewhere");
        environment.ShouldNotContainKey("ConnectionStrings__absent");
        environment["services__other-1__grpc__0"].ShouldBe($"http://localhost:{grpc.Port}");
        environment["OTHER_1_GRPC"].ShouldBe($"http://localhost:{grpc.Port}");
        environment.ShouldNotContainKey("services__other-1__http__0");
        environment["services__vendor__default__0"].ShouldBe("https://vendor.example/v1");
        environment["vendor"].ShouldBe("https://vendor.example/v1");
        environment["TOKEN"].ShouldBe("t-1");
        environment["ENDPOINT"].ShouldBe($"http://localhost:{grpc.Port}");
        environment["ELSEWHERE"].ShouldBe("Host=elsewhere");
        environment["BRACES"].ShouldBe("{f-1}");
        environment["LATE"].ShouldBe("late");
        environment["PORT_OF_OTHER"].ShouldBe($"{grpc.Port}");
        environment["FROM_PROFILE"].ShouldBe("second");
        environment.ShouldNotContainKey("ASPNETCORE_ENVIRONMENT");
    }

    [Fact]
    public async Task A_missing_parameter_stops_the_resource_and_names_the_key()
    {
        var builder = SampleSystemExtensions.NewBuilder();
        builder.AddExecutable("job", "true", "/").WithEnvironment("TOKEN", builder.AddParameter("token"));
        await using var app = builder.Build();
        await app.StartAsync();

        (await Should.ThrowAsync<DistributedApplicationException>(() => app.HealthyAsync("job"))).Message.ShouldContain("'Parameters:token' is missing");
    }

    [Fact]
    public void A_launch_profile_that_does_not_exist_is_refused() =>
        Should.Throw<DistributedApplicationException>(() => SampleSystemExtensions.NewBuilder().AddProject<Projects.Sample_Service>("service", "none"))
            .Message.ShouldContain("do not contain a profile named 'none'");

    [Fact]
    public async Task With_an_OTLP_address_children_export_to_it_under_their_own_name()
    {
        var builder = SampleSystemExtensions.NewBuilder();
        builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://localhost:4318";
        builder.Configuration["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf";
        builder.AddProject<Projects.Sample_Service>("service");
        await using var app = builder.Build();
        await app.StartAsync();
        await app.ListensAsync("service");
        var environment = await app.EnvironmentAsync("service");

        environment["OTEL_EXPORTER_OTLP_ENDPOINT"].ShouldBe("http://localhost:4318");
        environment["OTEL_EXPORTER_OTLP_PROTOCOL"].ShouldBe("http/protobuf");
        environment["OTEL_SERVICE_NAME"].ShouldBe("service");
        environment["OTEL_RESOURCE_ATTRIBUTES"].ShouldStartWith("service.instance.id=");
        environment.ShouldNotContainKey("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT");
    }

    [Theory]
    [InlineData(true, false, 5310)]
    [InlineData(false, false, null)]
    [InlineData(true, true, null)]
    public void A_port_of_a_services_own_files_is_kept_for_an_external_endpoint_outside_of_tests(bool external, bool testing, int? expected)
    {
        var service = SampleSystemExtensions.NewBuilder().AddProject<Projects.Sample_Service>("service");
        var endpoint = service.Resource.Annotations.OfType<EndpointAnnotation>().Single(e => e.Name == "http");
        endpoint.IsExternal = external;

        EndpointAllocator.FixedPort(service.Resource, endpoint, testing).ShouldBe(expected);
    }

    [Fact]
    public void A_port_of_the_AppHost_is_kept_and_a_program_that_cannot_be_told_its_port_has_its_own()
    {
        var builder = SampleSystemExtensions.NewBuilder();
        var told = builder.AddExecutable("told", "true", "/").WithHttpEndpoint(port: 7001, targetPort: 7002, env: "PORT").Resource;
        var mute = builder.AddExecutable("mute", "true", "/").WithHttpEndpoint(port: 7001, targetPort: 7002).Resource;

        EndpointAllocator.FixedPort(told, told.Annotations.OfType<EndpointAnnotation>().Single(), ignoreFixedPorts: false).ShouldBe(7001);
        EndpointAllocator.FixedPort(mute, mute.Annotations.OfType<EndpointAnnotation>().Single(), ignoreFixedPorts: true).ShouldBe(7002);
    }

    [Fact]
    public void A_missing_server_is_said_with_the_command_that_gets_it() =>
        MissingProgramException.For("postgres", "postgresql").Message
            .ShouldMatch("^The program 'postgres' was not found. Get it with: (sudo )?apt-get install postgresql$");

    [Fact]
    public void The_protocols_of_appsettings_decide_the_transport()
    {
        var service = SampleSystemExtensions.NewBuilder().AddProject<Projects.Sample_Service>("service").Resource;

        service.Annotations.OfType<EndpointAnnotation>().ToDictionary(e => e.Name, e => e.Transport)
            .ShouldBe(new Dictionary<string, string> { ["grpc"] = "http2", ["http"] = "http" }, ignoreOrder: true);
    }
}

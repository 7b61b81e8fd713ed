using System.Globalization;

var builder = DistributedApplication.CreateBuilder(args);

if (builder.Configuration["Stop"] == "before-build")
{
    throw new InvalidOperationException("Stopped before Build, as asked.");
}

var database = builder.AddPostgres("postgres").WithDataVolume().AddDatabase("db", "sample");
var redis = builder.AddRedis("redis").WithDataVolume();

var service = builder.AddProject<Projects.Sample_Service>("service")
    .WithReference(database).WaitFor(database)
    .WithReference(redis).WaitFor(redis)
    .WithHttpHealthCheck("/health", endpointName: "http");

builder.AddProject<Projects.Sample__2nd>("edge")
    .WithReference(service).WaitFor(service)
    .WithEnvironment("SERVICE_URL", $"{service.GetEndpoint("http")}/v1")
    .WithHttpHealthCheck("/health", endpointName: "http")
    .WithEndpoint("http", endpoint =>
    {
        endpoint.IsExternal = true;
        endpoint.Port = builder.Configuration["EdgePort"] is { } port ? int.Parse(port, CultureInfo.InvariantCulture) : null;
    });

if (builder.Configuration["Command"] is { } command)
{
    builder.AddExecutable("extra", command, ".").WaitFor(redis);
}

builder.Build().Run();

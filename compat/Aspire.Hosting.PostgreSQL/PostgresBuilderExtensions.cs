using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Orchestration;
using Aspire.Hosting.PostgreSQL;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting;

public static class PostgresBuilderExtensions
{
    /// <summary>A private PostgreSQL cluster. The password is generated unless one is given.</summary>
    public static IResourceBuilder<PostgresServerResource> AddPostgres(
        this IDistributedApplicationBuilder builder,
        string name,
        IResourceBuilder<ParameterResource>? userName = null,
        IResourceBuilder<ParameterResource>? password = null,
        int? port = null)
    {
        PostgresServerResource? server = null;
        var secret = password?.Resource
            ?? builder.CreateDefaultPassword($"{name}-password", () => server!.Annotations.OfType<DurableAnnotation>().Any());
        server = new PostgresServerResource(name, userName?.Resource, secret);

        return builder.AddResource(server)
            .WithAnnotation(new EndpointAnnotation(ProtocolType.Tcp, name: PostgresServerResource.EndpointName, port: port)
            {
                // The server listens on IPv4 only; "localhost" would be tried over IPv6 first.
                TargetHost = "127.0.0.1",
            })
            .WithAnnotation(new PostgresRecipe(server))
            .WithConnectionCheck(server.ConnectionStringExpression, database: "postgres");
    }

    /// <summary>A database of the server, created when the server is ready and has none of this name.</summary>
    public static IResourceBuilder<PostgresDatabaseResource> AddDatabase(
        this IResourceBuilder<PostgresServerResource> builder,
        string name,
        string? databaseName = null)
    {
        var server = builder.Resource;
        var database = new PostgresDatabaseResource(name, databaseName ?? name, server);
        server.AddDatabase(name, database.DatabaseName);
        return builder.ApplicationBuilder.AddResource(database)
            .WithAnnotation(new WaitAnnotation(server, WaitKind.UntilHealthy))
            .WithAnnotation(new StartStepAnnotation(cancellationToken => PostgresDatabase.EnsureAsync(database, cancellationToken)))
            .WithConnectionCheck(database.ConnectionStringExpression, database: null);
    }

    /// <summary>Keeps the data, and the generated password that belongs to it, in the state folder.</summary>
    public static IResourceBuilder<PostgresServerResource> WithDataVolume(
        this IResourceBuilder<PostgresServerResource> builder,
        string? name = null,
        bool isReadOnly = false)
    {
        // The folder is named after the resource; a server that cannot write is of no use here.
        _ = name;
        return isReadOnly
            ? throw new ArgumentException("A read-only data volume is not supported.", nameof(isReadOnly))
            : builder.WithAnnotation(new DurableAnnotation(), ResourceAnnotationMutationBehavior.Replace);
    }

    public static IResourceBuilder<PostgresServerResource> WithHostPort(this IResourceBuilder<PostgresServerResource> builder, int? port) =>
        builder.WithEndpoint(PostgresServerResource.EndpointName, endpoint => endpoint.Port = port);

    private static IResourceBuilder<T> WithConnectionCheck<T>(
        this IResourceBuilder<T> builder,
        ReferenceExpression connectionString,
        string? database)
        where T : IResource
    {
        var key = $"{builder.Resource.Name}_check";
        builder.ApplicationBuilder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
            key, _ => new PostgresHealthCheck(connectionString, database), failureStatus: null, tags: null));
        return builder.WithHealthCheck(key);
    }
}

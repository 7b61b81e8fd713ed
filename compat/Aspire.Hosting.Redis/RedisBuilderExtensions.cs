using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Orchestration;
using Aspire.Hosting.Redis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting;

public static class RedisBuilderExtensions
{
    /// <summary>A private Redis. The password is generated unless one is given.</summary>
    public static IResourceBuilder<RedisResource> AddRedis(
        this IDistributedApplicationBuilder builder,
        string name,
        int? port = null,
        IResourceBuilder<ParameterResource>? password = null)
    {
        var redis = new RedisResource(name);
        redis.PasswordParameter = password?.Resource
            ?? builder.CreateDefaultPassword($"{name}-password", () => redis.Annotations.OfType<DurableAnnotation>().Any());

        var key = $"{name}_check";
        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
            key, _ => new RedisHealthCheck(redis), failureStatus: null, tags: null));
        return builder.AddResource(redis)
            .WithAnnotation(new EndpointAnnotation(ProtocolType.Tcp, name: RedisResource.EndpointName, port: port)
            {
                TargetHost = "127.0.0.1",
            })
            .WithAnnotation(new RedisRecipe(redis))
            .WithHealthCheck(key);
    }

    /// <summary>Keeps the data, and the generated password, in the state folder.</summary>
    public static IResourceBuilder<RedisResource> WithDataVolume(
        this IResourceBuilder<RedisResource> builder,
        string? name = null,
        bool isReadOnly = false)
    {
        _ = name; // The folder is named after the resource.
        return isReadOnly
            ? throw new ArgumentException("A read-only data volume is not supported.", nameof(isReadOnly))
            : builder.WithAnnotation(new DurableAnnotation(), ResourceAnnotationMutationBehavior.Replace).WithPersistence();
    }

    /// <summary>
    /// Writes every change to an append-only file, synced each second; with an interval a snapshot too, when at least so
    /// many keys have changed.
    /// </summary>
    public static IResourceBuilder<RedisResource> WithPersistence(
        this IResourceBuilder<RedisResource> builder,
        TimeSpan? interval = null,
        long keysChangedThreshold = 1) => builder.WithAnnotation(
            new RedisPersistenceAnnotation(interval, keysChangedThreshold), ResourceAnnotationMutationBehavior.Replace);

    public static IResourceBuilder<RedisResource> WithHostPort(this IResourceBuilder<RedisResource> builder, int? port) =>
        builder.WithEndpoint(RedisResource.EndpointName, endpoint => endpoint.Port = port);

    public static IResourceBuilder<RedisResource> WithPassword(
        this IResourceBuilder<RedisResource> builder,
        IResourceBuilder<ParameterResource>? password)
    {
        builder.Resource.PasswordParameter = password?.Resource;
        return builder;
    }
}

internal sealed record RedisPersistenceAnnotation(TimeSpan? Interval, long KeysChanged) : IResourceAnnotation;

using System.Net;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using LlmGateway.ServiceDefaults.Tests.Migrations;
using LlmGateway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis;

namespace LlmGateway.ServiceDefaults.Tests;

/// <summary>AddNpgsqlDbContext and AddRedisClient as the services use them, whether they come from the package or its stand-in.</summary>
public sealed class ClientIntegrationTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Nowhere = "Host=127.0.0.1;Port=1;Username=nobody;Database=none";

    [Fact]
    public void Settings_come_from_the_section_then_the_contexts_then_the_connection_string_then_the_delegate()
    {
        const string Section = "Aspire:Npgsql:EntityFrameworkCore:PostgreSQL";
        var builder = TestHost.Builder(settings: [
            ($"{Section}:CommandTimeout", "11"), ($"{Section}:ConnectionString", "Host=section"),
            ($"{Section}:{nameof(NumbersDb)}:CommandTimeout", "12"), ("ConnectionStrings:numbers", "Host=named"),
        ]);
        builder.AddNpgsqlDbContext<NumbersDb>("numbers", settings => settings.ConnectionString += ";Database=delegate");

        using var app = builder.Build();
        using var scope = app.Services.CreateScope();
        var db = scope.ServiceProvider.GetRequiredService<NumbersDb>();

        db.Database.GetConnectionString().ShouldBe("Host=named;Database=delegate");
        db.Database.GetCommandTimeout().ShouldBe(12);
        db.Database.CreateExecutionStrategy().RetriesOnFailure.ShouldBeTrue();
    }

    [Fact]
    public void Retries_can_be_turned_off()
    {
        var builder = TestHost.Builder(settings: ("ConnectionStrings:numbers", Nowhere));
        builder.AddNpgsqlDbContext<NumbersDb>("numbers", settings => settings.DisableRetry = true);

        using var app = builder.Build();
        using var scope = app.Services.CreateScope();

        scope.ServiceProvider.GetRequiredService<NumbersDb>().Database.CreateExecutionStrategy().RetriesOnFailure.ShouldBeFalse();
    }

    [Fact]
    public void A_context_registered_by_other_means_can_be_enriched()
    {
        var builder = TestHost.Builder(settings: ("Aspire:Npgsql:EntityFrameworkCore:PostgreSQL:CommandTimeout", "7"));
        Should.Throw<InvalidOperationException>(() => builder.EnrichNpgsqlDbContext<NumbersDb>());
        builder.Services.AddDbContext<NumbersDb>(options => options.UseNpgsql(Nowhere));
        builder.EnrichNpgsqlDbContext<NumbersDb>();

        using var app = builder.Build();
        using var scope = app.Services.CreateScope();
        var db = scope.ServiceProvider.GetRequiredService<NumbersDb>();

        db.Database.GetConnectionString().ShouldBe(Nowhere);
        db.Database.GetCommandTimeout().ShouldBe(7);
        db.Database.CreateExecutionStrategy().RetriesOnFailure.ShouldBeTrue();
    }

    [Fact]
    public void A_missing_connection_string_is_named()
    {
        var builder = TestHost.Builder();
        builder.AddNpgsqlDbContext<NumbersDb>("numbers");
        builder.AddRedisClient("cache");

        using var app = builder.Build();
        using var scope = app.Services.CreateScope();

        Should.Throw<InvalidOperationException>(() => scope.ServiceProvider.GetRequiredService<NumbersDb>())
            .Message.ShouldContain("ConnectionStrings:numbers");
        Should.Throw<InvalidOperationException>(() => app.Services.GetRequiredService<IConnectionMultiplexer>())
            .Message.ShouldContain("ConnectionStrings:cache");
    }

    [Fact]
    public async Task The_database_check_follows_the_database()
    {
        await using var up = await TestHost.StartAsync(
            builder => builder.AddNpgsqlDbContext<NumbersDb>("numbers"), settings: ("ConnectionStrings:numbers", await postgres.CreateDatabaseAsync()));
        await using var down = await TestHost.StartAsync(
            builder => builder.AddNpgsqlDbContext<NumbersDb>("numbers"), settings: ("ConnectionStrings:numbers", Nowhere));

        (await HealthOfAsync(up)).ShouldBe(HttpStatusCode.OK);
        (await HealthOfAsync(down)).ShouldBe(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task A_Redis_that_is_down_does_not_stop_the_start_and_shows_in_health()
    {
        await using var host = await TestHost.StartAsync(
            builder => builder.AddRedisClient("cache"), settings: ("ConnectionStrings:cache", "127.0.0.1:1,connectTimeout=500"));

        (await HealthOfAsync(host)).ShouldBe(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task A_Redis_with_a_password_is_reached_and_healthy()
    {
        var resources = DistributedApplication.CreateBuilder(new DistributedApplicationOptions { DisableDashboard = true });
        var redis = resources.AddRedis("cache");
        await using var application = resources.Build();
        await application.StartAsync();
        await application.ResourceNotifications.WaitForResourceHealthyAsync("cache");
        var connectionString = await ((IResourceWithConnectionString)redis.Resource).GetConnectionStringAsync();

        await using var host = await TestHost.StartAsync(
            builder =>
            {
                builder.AddRedisClient("cache");
                builder.AddKeyedRedisClient("second");
            },
            settings: [("ConnectionStrings:cache", connectionString!), ("ConnectionStrings:second", connectionString!)]);

        connectionString!.ShouldContain("password=");
        (await HealthOfAsync(host)).ShouldBe(HttpStatusCode.OK);
        await host.Services.GetRequiredService<IConnectionMultiplexer>().GetDatabase().StringSetAsync("a", "b");
        var second = host.Services.GetRequiredKeyedService<IConnectionMultiplexer>("second");
        ((string?)await second.GetDatabase().StringGetAsync("a")).ShouldBe("b");
    }

    private static async Task<HttpStatusCode> HealthOfAsync(TestHost host)
    {
        using var response = await host.Client.GetAsync(new Uri("/health", UriKind.Relative));
        return response.StatusCode;
    }
}

using Aspire.Hosting.State;
using Microsoft.Extensions.Configuration;

namespace LlmGateway.Compat.Tests.Hosting;

public sealed class StateFolderTests : IDisposable
{
    private readonly StateDirectory _directory = new();
    private readonly IConfiguration _configuration;

    public StateFolderTests() => _configuration = new ConfigurationBuilder()
        .AddInMemoryCollection([new("LLMGATEWAY_STATE", Path.Combine(_directory.Path, "new", "state"))])
        .Build();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_durable_secret_is_the_same_in_the_next_run()
    {
        string secret;
        using (var first = new StateFolder(_configuration, "/app", temporaryOnly: false))
        {
            secret = first.Secret("password", durable: true);
            first.Secret("password", durable: true).ShouldBe(secret);
            first.Secret("password", durable: false).ShouldNotBe(secret);
        }

        using var second = new StateFolder(_configuration, "/app", temporaryOnly: false);
        second.Secret("password", durable: true).ShouldBe(secret);
    }

    [Fact]
    public void One_run_at_a_time_has_the_folder()
    {
        using var first = new StateFolder(_configuration, "/app", temporaryOnly: false);
        first.For("postgres", durable: true).ShouldStartWith(_directory.Path);
        using var second = new StateFolder(_configuration, "/app", temporaryOnly: false);

        Should.Throw<StateFolderInUseException>(() => second.For("postgres", durable: true));
    }

    [Fact]
    public void Under_testing_nothing_is_written_to_the_state_folder()
    {
        string temporary;
        using (var folder = new StateFolder(_configuration, "/app", temporaryOnly: true))
        {
            temporary = folder.For("postgres", durable: true);
            folder.Secret("password", durable: true).Length.ShouldBe(32);
            Directory.Exists(temporary).ShouldBeTrue();
        }

        Directory.Exists(temporary).ShouldBeFalse();
        Directory.Exists(Path.Combine(_directory.Path, "new")).ShouldBeFalse();
    }

    [Fact]
    public void A_temporary_folder_that_a_killed_run_left_is_swept_and_a_claimed_one_is_not()
    {
        using var living = new StateFolder(_configuration, "/app", temporaryOnly: true);
        var kept = living.For("redis", durable: false);
        var left = Directory.CreateTempSubdirectory("llmgateway-").FullName;
        File.WriteAllText(Path.Combine(left, "in-use"), "");

        using var next = new StateFolder(_configuration, "/app", temporaryOnly: true);
        next.For("redis", durable: false);

        Directory.Exists(left).ShouldBeFalse();
        Directory.Exists(kept).ShouldBeTrue();
    }

    [Fact]
    public void Two_clones_have_two_folders() =>
        StateFolder.DefaultPath("/home/a/AppHost").ShouldNotBe(StateFolder.DefaultPath("/home/b/AppHost"));
}

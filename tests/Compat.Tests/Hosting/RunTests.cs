using System.Globalization;
using Aspire.Hosting.PostgreSQL;
using Aspire.Hosting.Processes;
using Npgsql;

namespace LlmGateway.Compat.Tests.Hosting;

/// <summary>A run as people have it: a process with a terminal, signals, and data that stays.</summary>
public sealed class RunTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);
    private readonly StateDirectory _state = new();

    public void Dispose() => _state.Dispose();

    [Fact]
    public async Task The_table_names_every_resource_with_address_and_process_and_log_lines_carry_the_name()
    {
        await using var run = await SampleRun.StartAndWaitAsync(_state.Path);

        run.Up.Keys.ShouldBe(["postgres", "db", "redis", "service", "edge"], ignoreOrder: true);
        run.Up["redis"].Address.ShouldStartWith("tcp://127.0.0.1:");
        run.Up["edge"].Address.ShouldStartWith("http://localhost:");
        new[] { "postgres", "redis", "service", "edge" }.ShouldAllBe(name => ProcessTable.IsAlive(run.Up[name].Process));
        run.Output.ShouldContain("\npostgres | LOG:  database system is ready to accept connections");
        run.Output.ShouldNotContain(_state.Password);
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public async Task A_signal_stops_services_before_stores_and_leaves_nothing(string signal)
    {
        await using var run = await SampleRun.StartAndWaitAsync(_state.Path);
        var children = run.Children();

        await run.SignalAsync(signal);

        (await run.ExitCodeAsync()).ShouldBe(0, run.Output);
        children.ShouldAllBe(process => !ProcessTable.IsAlive(process));
        run.Output.ShouldContain("postgres | LOG:  received fast shutdown request");
        Order(run, "\nedge      Exited (0)", "\nservice   Exited (0)", "\npostgres  Exited (0)");
        Order(run, "\nservice   Exited (0)", "\nredis     Exited (0)");
    }

    [Fact]
    public async Task Kill_9_leaves_no_child_not_even_a_busy_backend_and_the_next_start_has_the_data()
    {
        string password;
        await using (var run = await SampleRun.StartAndWaitAsync(_state.Path))
        {
            password = _state.Password;
            await ExecuteAsync(run, "create table kept (value text); insert into kept values ('before the kill')");
            var busy = ExecuteAsync(run, "select count(*) from generate_series(1, 100000000000) as n where pg_sleep(0) is not null");
            var children = run.Children();
            children.Count.ShouldBeGreaterThan(8);

            await run.SignalAsync("KILL");

            await ProcessTable.ShouldBeGoneAsync(children, Soon);
            await Should.ThrowAsync<NpgsqlException>(() => busy);
        }

        await using var next = await SampleRun.StartAndWaitAsync(_state.Path);

        (await ExecuteAsync(next, "select value from kept")).ShouldBe("before the kill");
        _state.Password.ShouldBe(password);
    }

    [Fact]
    public async Task A_stale_pid_file_that_names_a_living_process_does_not_stop_the_start()
    {
        await using (var run = await SampleRun.StartAndWaitAsync(_state.Path))
        {
            await run.SignalAsync("TERM");
            await run.ExitCodeAsync();
        }

        // What a crash of the machine leaves. The number belongs to another process by now, and one of PostgreSQL's own user:
        // another user's would not worry it.
        using var somebody = await ChildProcess.StartAsync(
            new ProcessSpec(ProgramFiles.Find("sleep")!, ["1000"], "/") { User = PostgresCluster.User }, _ => { });
        var data = Path.Combine(_state.Path, "postgres", "data");
        await File.WriteAllTextAsync(
            Path.Combine(data, "postmaster.pid"),
            string.Create(CultureInfo.InvariantCulture, $"{somebody.Id}\n{data}\n1763690000\n5432\n\n127.0.0.1\n"));
        await using var next = await SampleRun.StartAndWaitAsync(_state.Path);

        (await ExecuteAsync(next, "select 'up'")).ShouldBe("up");
        await somebody.StopAsync(Soon);
    }

    [Fact]
    public async Task A_server_that_an_earlier_run_left_is_ended_first()
    {
        await using (var run = await SampleRun.StartAndWaitAsync(_state.Path))
        {
            await run.SignalAsync("TERM");
            await run.ExitCodeAsync();
        }

        var folder = Path.Combine(_state.Path, "redis");
        using var orphan = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("redis-server", ["--port", "0", "--appendonly", "yes"]) { WorkingDirectory = folder })!;
        await using var next = await SampleRun.StartAndWaitAsync(_state.Path);

        await ProcessTable.ShouldBeGoneAsync([orphan.Id], Soon);
    }

    [Fact]
    public async Task A_second_run_on_the_same_state_is_refused_and_the_first_goes_on()
    {
        await using var first = await SampleRun.StartAndWaitAsync(_state.Path);
        await using var second = SampleRun.Start(_state.Path);

        (await second.ExitCodeAsync()).ShouldBe(1);
        second.Output.ShouldContain($"Another run uses the state folder {_state.Path}.");
        (await ExecuteAsync(first, "select 'up'")).ShouldBe("up");
    }

    [Fact]
    public async Task A_missing_program_ends_the_run_with_code_1_and_says_so()
    {
        await using var run = SampleRun.Start(_state.Path, "--Command=no-such-program");

        (await run.ExitCodeAsync()).ShouldBe(1);
        run.Output.ShouldContain("extra failed to start: The program 'no-such-program' was not found.");
    }

    [Fact]
    public async Task A_server_that_cannot_start_ends_the_run_with_code_1_and_its_last_lines()
    {
        await using (var run = await SampleRun.StartAndWaitAsync(_state.Path))
        {
            await run.SignalAsync("TERM");
            await run.ExitCodeAsync();
        }

        File.Delete(Path.Combine(_state.Path, "postgres", "data", "global", "pg_control"));
        await using var next = SampleRun.Start(_state.Path);

        (await next.ExitCodeAsync()).ShouldBe(1);
        next.Output.ShouldContain("postgres failed to start: its process");
        next.Output.ShouldContain("\npostgres: could not find the database system");
    }

    [Fact]
    public async Task A_process_that_ends_is_reported_with_its_code_and_nothing_starts_it_again()
    {
        await using var run = await SampleRun.StartAndWaitAsync(_state.Path);
        using var client = new HttpClient { BaseAddress = new Uri(run.Up["service"].Address) };

        System.Diagnostics.Process.GetProcessById(run.Up["service"].Process).Kill();

        await run.PrintsAsync("\nservice   Exited (137)");
        await run.PrintsAsync("\nservice: its process");
        await Should.ThrowAsync<HttpRequestException>(() => client.GetAsync("/health"));
        await run.SignalAsync("TERM");
        (await run.ExitCodeAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Secrets_are_for_the_owner_only_and_PostgreSQL_never_runs_as_root()
    {
        await using var run = await SampleRun.StartAndWaitAsync(_state.Path);

        new FileInfo(Path.Combine(_state.Path, "secrets", "postgres-password")).UnixFileMode.ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        ProcessTable.User(run.Up["postgres"].Process).ShouldNotBe("0");
        File.ReadAllText($"/proc/{run.Up["redis"].Process}/cmdline").ShouldNotContain(
            File.ReadAllText(Path.Combine(_state.Path, "secrets", "redis-password")));
    }

    private static void Order(SampleRun run, params string[] texts) =>
        texts.Select(text => run.Output.IndexOf(text, StringComparison.Ordinal)).ShouldBeInOrder();

    private async Task<object?> ExecuteAsync(SampleRun run, string sql)
    {
        var address = new Uri(run.Up["postgres"].Address);
        await using var connection = new NpgsqlConnection(
            $"Host={address.Host};Port={address.Port};Username=postgres;Password={_state.Password};Database=sample;Pooling=false;Command Timeout=60");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}

using System.Text;
using System.Text.Json;
using LlmGateway.ServiceDefaults.Logging;
using LlmGateway.ServiceDefaults.Tests.Metrics;
using LlmGateway.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LlmGateway.ServiceDefaults.Tests.Logging;

public sealed class LogFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llmgateway-log-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Every_line_is_in_the_file_which_others_cannot_read_when_the_host_has_stopped()
    {
        var path = Path.Combine(_folder, "new", "gateway.log");
        await using (var host = await TestHost.StartAsync(_ => { }, settings: [("Logging:File:Path", path)]))
        {
            var logger = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Calls");
            for (var i = 0; i < 1_000; i++)
            {
                logger.LogInformation("Line {Number}", i);
            }

            logger.LogDebug("below the level");
            Scrape.Value(await host.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative)), "llmgateway_telemetry_log_lines_dropped_total").ShouldBe(0);
        }

        var lines = File.ReadLines(path).Select(line => JsonDocument.Parse(line).RootElement).Where(line => line.GetProperty("category").GetString() == "Calls").ToList();
        lines.Select(line => line.GetProperty("number").GetInt32()).ShouldBe(Enumerable.Range(0, 1_000));
        ((OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(path)) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.GroupWrite)).ShouldBe(UnixFileMode.None);
    }

    [Fact]
    public async Task A_file_that_cannot_be_written_stops_the_start_and_the_error_names_the_setting()
    {
        var builder = TestHost.Builder(settings: ("Logging:File:Path", _folder));
        await using var app = builder.Build();

        var error = await Should.ThrowAsync<OptionsValidationException>(() => app.StartAsync());

        error.Message.ShouldStartWith($"LOG_FILE (Logging:File:Path): '{_folder}' cannot be opened for writing: ");
    }

    [Fact]
    public void Two_processes_append_to_one_file_and_a_file_that_was_moved_away_is_made_anew()
    {
        var path = Path.Combine(_folder, "shared.log");
        var time = new FakeTime();
        using var one = new LogFile(path, time);
        using var other = new LogFile(path, time);

        one.Append("1\n"u8);
        other.Append("2\n"u8);
        one.Append("3\n"u8);
        File.Move(path, path + ".1");
        one.Append("4\n"u8);
        time.Advance(TimeSpan.FromSeconds(1));
        one.Append("5\n"u8);
        other.Append("6\n"u8);

        File.ReadAllText(path + ".1").ShouldBe("1\n2\n3\n4\n");
        File.ReadAllText(path).ShouldBe("5\n6\n");
    }

    [Fact]
    public void A_file_that_is_cut_is_written_from_its_new_end()
    {
        var path = Path.Combine(_folder, "cut.log");
        using var file = new LogFile(path, TimeProvider.System);
        file.Append("1\n"u8);
        using (var cut = new FileStream(path, FileMode.Truncate, FileAccess.Write, FileShare.ReadWrite))
        {
            cut.Flush();
        }

        file.Append("2\n"u8);

        File.ReadAllText(path).ShouldBe("2\n");
    }

    [Fact]
    public async Task Lines_that_find_no_place_are_counted_and_nobody_waits()
    {
        // A pipe that nobody reads stops whoever writes to it.
        var pipe = Path.Combine(_folder, "pipe");
        using (var made = System.Diagnostics.Process.Start("mkfifo", pipe))
        {
            await made.WaitForExitAsync();
        }

        var reader = LogFileReader(pipe);
        await using var services = TestHost.Builder(settings: [("Logging:File:Path", pipe), ("Logging:File:QueueLines", "100")]).Services.BuildServiceProvider();
        var provider = services.GetServices<ILoggerProvider>().OfType<LogFileProvider>().Single();
        var logger = provider.CreateLogger("Calls");

        const int Lines = 2_000;
        for (var i = 0; i < Lines; i++)
        {
            logger.LogInformation("{Text}", new string('x', 1_000));
        }

        // All but what the queue and the pipe hold; and what was written in vain is lost as well.
        provider.Dropped.ShouldBeInRange(Lines - 100 - 300, Lines);

        // Lets the loop go, so that the end waits for nothing.
        await reader.DisposeAsync();
    }

    // Opened both ways, so that it waits for nobody.
    private static FileStream LogFileReader(string pipe) => new(pipe, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
}

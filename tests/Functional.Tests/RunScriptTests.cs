using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using LlmGateway.Testing;

namespace LlmGateway.Functional.Tests;

/// <summary>run.sh as a newcomer uses it: start, paste the printed call, stop, start again.</summary>
[Trait("Category", "Timed")]
public sealed partial class RunScriptTests : IDisposable
{
    private const int MemoryLimitMegabytes = 600;
    private static readonly TimeSpan FirstStart = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan SecondStart = TimeSpan.FromSeconds(20);

    private readonly string _state = Directory.CreateTempSubdirectory("llmgateway-run-").FullName;
    private readonly int _port = FreePort.Next();

    [Fact]
    public async Task The_printed_call_answers_and_a_second_start_is_quick_small_and_knows_its_balance()
    {
        string balance;
        await using (var first = await RunScript.StartAsync(_state, _port, FirstStart))
        {
            var answer = await first.PasteCurlAsync();
            answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString().ShouldNotBeNullOrEmpty();
            balance = await first.BalanceAsync();
        }

        ChildrenOf(_state).ShouldBeEmpty();

        await using var second = await RunScript.StartAsync(_state, _port, SecondStart);
        (await second.BalanceAsync()).ShouldBe(balance);
        var megabytes = ServiceMemory(second.ProcessId);
        megabytes.Keys.Order().ShouldBe(["Billing.Service", "Gateway.Api", "Keys.Service", "Routing.Service"]);
        megabytes.Values.Sum().ShouldBeLessThan(MemoryLimitMegabytes, string.Join(", ", megabytes));
    }

    [Theory]
    [InlineData("PORT=eighty\n", "PORT: 'eighty' is not a port number (1 to 65535).")]
    [InlineData("ADMIN_API_KEY=your-key-here\nPORT=0   # none\n", "PORT: '0' is not a port number (1 to 65535).")]
    public async Task A_wrong_setting_ends_the_start_with_one_line_that_names_it(string settings, string line)
    {
        var file = Path.Combine(_state, "settings.env");
        await File.WriteAllTextAsync(file, settings);
        var start = RunScript.Prepare(_state);
        start.Environment["LLMGATEWAY_ENV_FILE"] = file;
        start.Environment.Remove("PORT");

        using var process = Process.Start(start)!;
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();

        process.ExitCode.ShouldBe(1);
        errors.Trim().ShouldBe(line);
    }

    public void Dispose() => Directory.Delete(_state, recursive: true);

    // PostgreSQL and Redis carry the folder in their command lines, the services in their environment.
    private static List<string> ChildrenOf(string state) =>
        [.. Processes().Where(p => p.Environment.Contains(state) || p.CommandLine.Contains(state)).Select(p => p.CommandLine)];

    private static Dictionary<string, long> ServiceMemory(int appHost) =>
        Processes().Select(p => (Name: ServiceName().Match(p.CommandLine), p.Megabytes, p.Id))
            .Where(p => p.Name.Success && IsBelow(p.Id, appHost))
            .ToDictionary(p => p.Name.Groups["value"].Value, p => p.Megabytes);

    private static bool IsBelow(int id, int ancestor)
    {
        while (id > 1 && id != ancestor)
        {
            id = Parent(id);
        }

        return id == ancestor;
    }

    private static IEnumerable<(int Id, string CommandLine, string Environment, long Megabytes)> Processes()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out _)))
        {
            var id = int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture);
            var commandLine = Read(Path.Combine(folder, "cmdline")).Replace('\0', ' ');
            if (commandLine.Length > 0 && id != Environment.ProcessId)
            {
                var resident = Resident().Match(Read(Path.Combine(folder, "status")));
                var kilobytes = resident.Success ? long.Parse(resident.Groups["value"].Value, CultureInfo.InvariantCulture) : 0;
                yield return (id, commandLine, Read(Path.Combine(folder, "environ")), kilobytes / 1024);
            }
        }
    }

    private static int Parent(int id)
    {
        var match = ParentId().Match(Read(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/status")));
        return match.Success ? int.Parse(match.Groups["value"].Value, CultureInfo.InvariantCulture) : 0;
    }

    // A process may end while it is being looked at.
    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    [GeneratedRegex(@"(?<value>[A-Za-z]+\.(Service|Api))\.dll", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ServiceName();

    [GeneratedRegex(@"VmRSS:\s+(?<value>\d+) kB", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Resident();

    [GeneratedRegex(@"PPid:\s+(?<value>\d+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ParentId();

    private sealed class RunScript(Process process, string curl, string key, int port) : IAsyncDisposable
    {
        // Read to its end: a full pipe would stop the system.
        private readonly Task<string> _rest = process.StandardOutput.ReadToEndAsync();

        public int ProcessId => process.Id;

        public static ProcessStartInfo Prepare(string state) => new(Path.Combine(RepositoryRoot.Path, "run.sh"))
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["LLMGATEWAY_STATE"] = state, ["LLMGATEWAY_ENV_FILE"] = "/dev/null" },
        };

        public static async Task<RunScript> StartAsync(string state, int port, TimeSpan limit)
        {
            var start = Prepare(state);
            start.Environment["PORT"] = port.ToString(CultureInfo.InvariantCulture);
            var process = Process.Start(start)!;
            var output = new List<string>();
            process.ErrorDataReceived += (_, line) => output.Add(line.Data ?? "");
            process.BeginErrorReadLine();
            using var timer = new CancellationTokenSource(limit);
            try
            {
                while (await process.StandardOutput.ReadLineAsync(timer.Token) is { } line)
                {
                    output.Add(line);
                    if (line.StartsWith("curl ", StringComparison.Ordinal))
                    {
                        return new RunScript(process, line, Key(line), port);
                    }
                }
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
            }

            throw new InvalidOperationException($"run.sh printed no call within {limit}:\n{string.Join('\n', output)}");
        }

        public async Task<JsonElement> PasteCurlAsync()
        {
            var start = new ProcessStartInfo("bash", ["-c", curl + " --silent --fail-with-body"]) { UseShellExecute = false, RedirectStandardOutput = true };
            using var shell = Process.Start(start)!;
            var body = await shell.StandardOutput.ReadToEndAsync();
            await shell.WaitForExitAsync();
            shell.ExitCode.ShouldBe(0, body);
            return JsonDocument.Parse(body).RootElement;
        }

        public async Task<string> BalanceAsync()
        {
            using var http = new HttpClient { BaseAddress = new Uri($"http://localhost:{port}") };
            http.DefaultRequestHeaders.Authorization = new("Bearer", key);
            return await http.GetStringAsync(new Uri("/billing/balance", UriKind.Relative));
        }

        public async ValueTask DisposeAsync()
        {
            // What Ctrl-C sends.
            using (var kill = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]))
            {
                await kill.WaitForExitAsync();
            }

            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(40));
            await process.WaitForExitAsync(limit.Token);
            await _rest;
            process.Dispose();
        }

        private static string Key(string line) => Regex.Match(line, "Bearer (?<value>[^\"]+)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)).Groups["value"].Value;
    }
}

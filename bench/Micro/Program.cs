using System.Text.Json;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using LlmGateway.Bench.Micro;

// Allocated bytes do not depend on what else the machine does, so that they have budgets; times are for reading only.
var check = args is ["--check"];
var config = new ManualConfig
{
    Options = ConfigOptions.DisableOptimizationsValidator | ConfigOptions.DisableLogFile,
    ArtifactsPath = Path.Combine(Path.GetTempPath(), "llmgateway-micro-bench"),
};
config.AddJob((check ? Job.Dry : Job.ShortRun)
    .WithToolchain(InProcessNoEmitToolchain.DontLogOutput)
    .WithStrategy(RunStrategy.Throughput)
    .WithWarmupCount(check ? 1 : 3)
    .WithIterationCount(check ? 2 : 5)
    .WithInvocationCount(check ? 20_000 : 200_000)
    .WithUnrollFactor(1));
config.AddDiagnoser(MemoryDiagnoser.Default);
config.AddColumnProvider(BenchmarkDotNet.Columns.DefaultColumnProviders.Instance);
config.AddLogger(check ? NullLogger.Instance : ConsoleLogger.Default);

var budgets = JsonSerializer.Deserialize<Dictionary<string, long>>(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "budgets.json")))!;
var reports = BenchmarkRunner.Run(typeof(Relay).Assembly, config).SelectMany(summary => summary.Reports).ToList();
var over = 0;
foreach (var report in reports)
{
    var method = report.BenchmarkCase.Descriptor.WorkloadMethod;
    var name = $"{method.DeclaringType!.Name}.{method.Name}";
    var allocated = report.Success ? report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase) : null;
    var within = budgets.Remove(name, out var budget) && allocated <= budget;
    Console.WriteLine($"{name}: {(allocated is null ? "did not run" : $"{allocated} bytes")}, budget {budget}{(within ? "" : "  EXCEEDED")}");
    over += within ? 0 : 1;
}

foreach (var name in budgets.Keys)
{
    Console.WriteLine($"{name}: has a budget and is no benchmark.");
}

return over + budgets.Count == 0 ? 0 : 1;

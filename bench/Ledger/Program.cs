using System.CommandLine;
using LlmGateway.Bench.Ledger;

var service = new Option<FileInfo>("--service") { Description = "Billing.Service.dll", Required = true };
var seconds = new Option<int>("--seconds") { Description = "of each measured run", DefaultValueFactory = _ => 5 };
var rounds = new Option<int>("--rounds") { Description = "runs at each number in flight, interleaved", DefaultValueFactory = _ => 3 };
var accounts = new Option<int>("--accounts") { Description = "that the calls are spread over", DefaultValueFactory = _ => 100 };
var inFlight = new Option<int[]>("--in-flight")
{
    Description = "calls at a time",
    DefaultValueFactory = _ => [1, 16, 64],
    AllowMultipleArgumentsPerToken = true,
};

var command = new RootCommand("Hold and settle pairs against Billing.Service over gRPC, with a PostgreSQL of its own that keeps its promises (fsync on).")
{
    service, seconds, rounds, accounts, inFlight,
};
command.SetAction(async (arguments, cancellationToken) =>
{
    await using var system = await BillingProcess.StartAsync(arguments.GetRequiredValue(service), cancellationToken);
    var load = await PairLoad.PrepareAsync(system.Address, arguments.GetValue(accounts), cancellationToken);
    var table = new ResultTable(Console.Out);
    await load.RunAsync(16, TimeSpan.FromSeconds(3), cancellationToken);
    for (var round = 1; round <= arguments.GetValue(rounds); round++)
    {
        foreach (var calls in arguments.GetRequiredValue(inFlight))
        {
            var before = BillingProcess.Cpu();
            var run = await load.RunAsync(calls, TimeSpan.FromSeconds(arguments.GetValue(seconds)), cancellationToken);
            table.Add(round, calls, run, BillingProcess.Cpu() - before);
        }
    }

    table.Best();
});
return await command.Parse(args).InvokeAsync();

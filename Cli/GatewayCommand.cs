using System.CommandLine;
using LlmGateway.Cli.Connection;
using LlmGateway.Cli.Output;

namespace LlmGateway.Cli;

/// <summary>A command that asks the gateway for something. To add one: derive, add options in the constructor, list it in <see cref="CommandLine"/>.</summary>
internal abstract class GatewayCommand : Command
{
    private const int Failed = 1;
    private const int Interrupted = 130;

    protected GatewayCommand(string name, string description, params string[] examples)
        : base(name, description)
    {
        Examples = examples;
        SetAction(ExecuteAsync);
    }

    /// <summary>Without the program's name.</summary>
    public IReadOnlyList<string> Examples { get; }

    protected abstract Task RunAsync(Session session, CancellationToken cancellationToken);

    private async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        try
        {
            using var session = Session.Open(parsed);
            await RunAsync(session, cancellationToken);
            return 0;
        }
        catch (FailedException failure)
        {
            await Console.Error.WriteLineAsync($"llmgw: {PlainText.Of(failure.Message)}");
            return Failed;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Interrupted;
        }
    }
}

using System.CommandLine;
using System.Text.Json;
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
            await RunCheckedAsync(session, cancellationToken);
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

    // JSON that lacks what a gateway's answer has comes from something else.
    private async Task RunCheckedAsync(Session session, CancellationToken cancellationToken)
    {
        try
        {
            await RunAsync(session, cancellationToken);
        }
        catch (Exception shape) when (shape is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new FailedException($"{session.Gateway.Address} did not answer as the gateway does. Is this its address?");
        }
    }
}

using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using LlmGateway.Cli.Connection;
using LlmGateway.Cli.Output;

namespace LlmGateway.Cli.Ledger;

/// <summary>A command that books money. It always sends an idempotency key, so that what got no answer can be repeated.</summary>
internal abstract class BookCommand : GatewayCommand
{
    private readonly Option<string?> _amount;
    private readonly Option<string?> _note;
    private readonly Option<string?> _key = new("--idempotency-key")
    {
        Description = "Books it once, however often the command is repeated with it. Else: a new one.",
        HelpName = "text",
    };

    protected BookCommand(string name, string description, Option<string?> amount, bool noteRequired, params string[] examples)
        : base(name, description, examples)
    {
        _amount = amount;
        _note = new("--note") { Description = "Why; kept with the booking.", HelpName = "text", Required = noteRequired };
    }

    /// <summary>Call last in the constructor, so that the options of every command come in the same order.</summary>
    protected void AddCommonOptions()
    {
        Options.Add(_amount);
        Options.Add(_note);
        Options.Add(_key);
    }

    protected abstract string PathOf(ParseResult parsed);

    protected override async Task RunAsync(Session session, CancellationToken cancellationToken)
    {
        var path = PathOf(session.Parsed);
        var key = session.Parsed.GetText(_key) ?? Guid.NewGuid().ToString();
        var body = new JsonObject { ["idempotency_key"] = key };
        if (AmountOption.Read(session.Parsed, _amount) is { } amount)
        {
            body["amount"] = amount;
        }

        if (session.Parsed.GetText(_note) is { } note)
        {
            body["note"] = note;
        }

        var answer = await SendAsync(session, path, body, key, cancellationToken);
        session.Printer.Print(answer, booking => Printer.Record(Properties(booking, answer.IsReplayed)));
    }

    private static async Task<GatewayAnswer> SendAsync(Session session, string path, JsonObject body, string key, CancellationToken cancellationToken)
    {
        try
        {
            return await session.Gateway.PostAsync(path, body, cancellationToken);
        }
        catch (RefusedException failure) when (failure is { IsOfServer: true, Code: not null })
        {
            // A gateway's own words, which say what it knows.
            throw new FailedException($"{failure.Message} Repeat the command with --idempotency-key {key}, which books it once.");
        }
        catch (FailedException failure) when (failure is LostAnswerException or RefusedException { IsOfServer: true })
        {
            throw new FailedException(
                $"{failure.Message} It may have been booked or not: repeat the command with --idempotency-key {key}, which books it once.");
        }
    }

    private static IEnumerable<(string Name, string Value)> Properties(JsonElement booking, bool isReplayed)
    {
        yield return ("transaction", $"{booking.Text("id")}{(isReplayed ? " (booked before)" : "")}");
        yield return ("kind", booking.Text("kind"));
        yield return ("account", booking.Text("account_id"));
        yield return ("call", booking.Text("request_id"));
        yield return ("amount", $"{booking.Text("amount")} USD");
        yield return ("balance", $"{booking.Text("balance_after")} USD after it");
        yield return ("note", booking.Text("note"));
        yield return ("booked", booking.Time("created_at"));
    }
}

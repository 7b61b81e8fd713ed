using LlmGateway.Billing.Pricing;
using LlmGateway.Protos.Billing.V1;
using Npgsql;

namespace LlmGateway.Billing.Ledger;

/// <summary>One settlement, priced.</summary>
/// <param name="Free">The customer does not pay for the answer.</param>
/// <param name="Wasted">What the attempts cost that did not answer; part of both costs.</param>
internal sealed record SettleLine(UsedCall Call, NanoUsd Cost, long PriceVersion, bool Free = false, CallCost Wasted = default)
{
    /// <summary>One for each provider call that its provider bills; each becomes a posting.</summary>
    public IReadOnlyList<ProviderCost> ProviderCosts { get; init; } = [];

    public NanoUsd ProviderCost => ProviderCosts.Aggregate(NanoUsd.Zero, (sum, part) => sum + part.Cost);

    /// <summary>It was settled by its own figures before, which will be read whatever these are.</summary>
    public bool Repeated { get; init; }
}

/// <summary>What a provider bills for one provider call: its tokens by its prices, rounded up by itself, so that it can be told from these alone.</summary>
/// <param name="Attempt">Which of the call's attempts, from 1; 0 where it is not known which.</param>
internal sealed record ProviderCost(int Attempt, PricedModel Model, string Deployment, TokenUsage Tokens, long PriceVersion, NanoUsd Cost);

/// <summary>An attempt that did not answer the client, and that its provider bills.</summary>
/// <param name="Hedged">Given up because another was faster.</param>
internal sealed record WastedAttempt(PricedModel Model, TokenUsage Tokens, bool Hedged)
{
    /// <summary>Its place among the call's attempts, from 1.</summary>
    public required int Number { get; init; }

    public required string Deployment { get; init; }
}

/// <summary>What a call used, and how it went.</summary>
/// <param name="Attempts">A JSON array.</param>
internal sealed record UsedCall(
    string RequestId, PricedModel Served, string Deployment, string RequestedModel, TokenUsage Tokens, long ReasoningTokens,
    bool Estimated, DateTimeOffset StartedAt, int TimeToFirstTokenMs, int TotalMs, string Attempts)
{
    public Ending Ending { get; init; } = Ending.Whole;

    public IReadOnlyList<WastedAttempt> Wasted { get; init; } = [];

    /// <summary>The place among the attempts of the one that answered, from 1; 0 where it is not known.</summary>
    public int Answered { get; init; }

    /// <summary>A JSON array of where the call could have gone; null where that is not told.</summary>
    public string? Considered { get; init; }
}

/// <summary>The figures of a request id's first and only settlement.</summary>
/// <param name="First">Whether that was now.</param>
internal sealed record SettledCall(NanoUsd Cost, NanoUsd ProviderCost, NanoUsd Balance, NanoUsd WrittenOff, bool First);

/// <summary>Calls billing.settle: any number of settlements in one round trip and one durable commit.</summary>
internal static class SettleStatement
{
    private const string Sql =
        """
        select r_item, r_outcome, r_cost, r_provider_cost, r_balance, r_written_off, r_first
        from billing.settle($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
            $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37)
        """;

    /// <returns>One element for each line, in the lines' order: null where the hold is unknown or was released.</returns>
    public static async Task<SettledCall?[]> ExecuteAsync(
        NpgsqlConnection connection, IReadOnlyList<SettleLine> lines, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection);
        Bind(command.Parameters, lines, now);

        var settled = new SettledCall?[lines.Count];
        await command.PrepareAsync(cancellationToken);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            settled[reader.GetInt32(0) - 1] = reader.GetString(1) switch
            {
                "settled" => new SettledCall(
                    new(reader.GetInt64(2)), new(reader.GetInt64(3)), new(reader.GetInt64(4)), new(reader.GetInt64(5)),
                    reader.GetBoolean(6)),
                "released" => null,
                var other => throw new InvalidOperationException($"billing.settle answered {other}."),
            };
        }

        return settled;
    }

    private static void Bind(NpgsqlParameterCollection parameters, IReadOnlyList<SettleLine> lines, DateTimeOffset now)
    {
        parameters.AddTexts(lines, line => line.Call.RequestId);
        parameters.AddLongs(lines, line => line.Cost.Value);
        parameters.AddLongs(lines, line => line.PriceVersion);
        parameters.AddTexts(lines, line => line.Call.RequestedModel);
        parameters.AddTexts(lines, line => line.Call.Served.Provider);
        parameters.AddTexts(lines, line => line.Call.Served.Model);
        parameters.AddTexts(lines, line => line.Call.Deployment);
        parameters.AddLongs(lines, line => line.Call.Tokens.Input);
        parameters.AddLongs(lines, line => line.Call.Tokens.CachedInput);
        parameters.AddLongs(lines, line => line.Call.Tokens.CacheWrite);
        parameters.AddLongs(lines, line => line.Call.Tokens.Output);
        parameters.AddLongs(lines, line => line.Call.ReasoningTokens);
        parameters.AddBooleans(lines, line => line.Call.Estimated);
        parameters.AddTimes(lines, line => line.Call.StartedAt);
        parameters.AddIntegers(lines, line => line.Call.TimeToFirstTokenMs);
        parameters.AddIntegers(lines, line => line.Call.TotalMs);
        parameters.AddDocuments(lines, line => line.Call.Attempts);
        parameters.AddOne(now);
        parameters.AddLongs(lines, line => line.Call.Tokens.CacheWrite1h);
        parameters.AddTexts(lines, line => NameOf(line.Call.Ending));
        parameters.AddBooleans(lines, line => line.Free);
        parameters.AddLongs(lines, line => line.Wasted.Price.Value);
        parameters.AddLongs(lines, line => line.Wasted.ProviderCost.Value);
        parameters.AddDocuments(lines, line => line.Call.Considered);
        BindProviderCosts(parameters, lines);
    }

    private static void BindProviderCosts(NpgsqlParameterCollection parameters, IReadOnlyList<SettleLine> lines)
    {
        var costs = lines.SelectMany((line, index) => line.ProviderCosts.Select(cost => (Item: index + 1, Cost: cost))).ToArray();
        parameters.AddIntegers(costs, cost => cost.Item);
        parameters.AddLongs(costs, cost => cost.Cost.Cost.Value);
        parameters.AddIntegers(costs, cost => cost.Cost.Attempt);
        parameters.AddTexts(costs, cost => cost.Cost.Model.Provider);
        parameters.AddTexts(costs, cost => cost.Cost.Model.Model);
        parameters.AddTexts(costs, cost => cost.Cost.Deployment);
        parameters.AddLongs(costs, cost => cost.Cost.PriceVersion);
        parameters.AddLongs(costs, cost => cost.Cost.Tokens.Input);
        parameters.AddLongs(costs, cost => cost.Cost.Tokens.CachedInput);
        parameters.AddLongs(costs, cost => cost.Cost.Tokens.CacheWrite);
        parameters.AddLongs(costs, cost => cost.Cost.Tokens.CacheWrite1h);
        parameters.AddLongs(costs, cost => cost.Cost.Tokens.Output);
        parameters.AddLongs(costs, cost => cost.Cost.Tokens.Reasoning);
    }

    private static string NameOf(Ending ending) => ending switch
    {
        Ending.Unspecified or Ending.Whole => "whole",
        Ending.Empty => "empty",
        Ending.Broken => "broken",
        Ending.ClientLeft => "client_left",
        Ending.Failed => "failed",
        _ => throw new ArgumentOutOfRangeException(nameof(ending), ending, "Not a way to end."),
    };
}

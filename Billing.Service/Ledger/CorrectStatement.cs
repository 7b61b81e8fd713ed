using LlmGateway.Billing.Pricing;
using Npgsql;

namespace LlmGateway.Billing.Ledger;

/// <summary>What a call cost that may have been charged by the sweep; nothing for one that was released.</summary>
internal sealed record CorrectLine(string RequestId, long PriceVersion, NanoUsd Cost, NanoUsd ProviderCost);

/// <summary>Calls billing.correct: any number of calls in one round trip and one durable commit.</summary>
internal static class CorrectStatement
{
    /// <returns>One element for each line, in the lines' order: null where the sweep did not charge the call.</returns>
    public static async Task<(SettledCall Call, bool Corrected)?[]> ExecuteAsync(
        NpgsqlConnection connection, IReadOnlyList<CorrectLine> lines, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "select r_item, r_corrected, r_cost, r_provider_cost, r_balance, r_written_off from billing.correct($1, $2, $3, $4, $5)", connection);
        command.Parameters.AddTexts(lines, line => line.RequestId);
        command.Parameters.AddLongs(lines, line => line.PriceVersion);
        command.Parameters.AddLongs(lines, line => line.Cost.Value);
        command.Parameters.AddLongs(lines, line => line.ProviderCost.Value);
        command.Parameters.AddOne(now);
        var corrected = new (SettledCall, bool)?[lines.Count];
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            corrected[reader.GetInt32(0) - 1] = (
                new(new(reader.GetInt64(2)), new(reader.GetInt64(3)), new(reader.GetInt64(4)), new(reader.GetInt64(5)), First: false),
                reader.GetBoolean(1));
        }

        return corrected;
    }
}

using LlmGateway.Billing.Ledger;
using Npgsql;

namespace LlmGateway.Billing.Pricing;

/// <summary>One charge and what it costs by another price.</summary>
/// <param name="Previous">The id of the rerating that it was read with, or 0.</param>
/// <param name="More">Nano-dollars that it costs more.</param>
internal sealed record RerateLine(string RequestId, long Previous, long PriceVersion, NanoUsd Cost, NanoUsd ProviderCost, long More);

/// <param name="More">What the call costs more, in nano-dollars.</param>
/// <param name="Amount">What the account's balance gained.</param>
/// <param name="WrittenOff">What it did not cover; negative where an earlier write-off was made good.</param>
internal sealed record RerateRow(long More, long Amount, long WrittenOff);

/// <summary>Calls billing.rerate: any number of charges in one round trip and one durable commit.</summary>
internal static class RerateStatement
{
    /// <returns>A row for each charge that was adjusted; one that another run has changed meanwhile is left out.</returns>
    public static async Task<IReadOnlyList<RerateRow>> ExecuteAsync(
        NpgsqlDataSource database, IReadOnlyList<RerateLine> lines, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (lines.Count == 0)
        {
            return [];
        }

        await using var command = database.CreateCommand(
            "select r_more, r_amount, r_written_off from billing.rerate($1, $2, $3, $4, $5, $6) where r_adjusted");
        command.Parameters.AddTexts(lines, line => line.RequestId);
        command.Parameters.AddLongs(lines, line => line.Previous);
        command.Parameters.AddLongs(lines, line => line.PriceVersion);
        command.Parameters.AddLongs(lines, line => line.Cost.Value);
        command.Parameters.AddLongs(lines, line => line.ProviderCost.Value);
        command.Parameters.AddOne(now);
        var rows = new List<RerateRow>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(new(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2)));
        }

        return rows;
    }
}

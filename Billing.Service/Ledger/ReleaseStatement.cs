using Npgsql;

namespace LlmGateway.Billing.Ledger;

/// <summary>One hold to give back.</summary>
/// <param name="Attempts">A JSON array of the provider calls made.</param>
/// <param name="Considered">A JSON array of where the call could have gone; null where that is not told.</param>
internal sealed record ReleaseLine(string RequestId, string Attempts, string? Considered);

/// <summary>Calls billing.release: any number of holds given back in one round trip and one commit.</summary>
internal static class ReleaseStatement
{
    /// <returns>How many were held.</returns>
    public static async Task<int> ExecuteAsync(
        NpgsqlConnection connection, IReadOnlyList<ReleaseLine> lines, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select billing.release($1, $2, $3, $4)", connection);
        command.Parameters.AddTexts(lines, line => line.RequestId);
        command.Parameters.AddDocuments(lines, line => line.Attempts);
        command.Parameters.AddDocuments(lines, line => line.Considered);
        command.Parameters.AddOne(now);
        await command.PrepareAsync(cancellationToken);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return reader.GetInt32(0);
    }
}

using LlmGateway.Billing.Pricing;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace LlmGateway.Billing.Ledger;

/// <param name="Set">False where the account owes more than that already, with what its running calls hold.</param>
internal sealed record OverdraftState(bool Set, NanoUsd Balance, NanoUsd Held);

/// <summary>How far below zero an account's balance may go.</summary>
internal sealed class Overdrafts(NpgsqlDataSource database, IOptions<BillingOptions> options, TimeProvider time)
{
    /// <summary>1,000,000,000 USD in nano-dollars, as the table has it.</summary>
    public const long Highest = 1_000_000_000_000_000_000;

    public async Task<OverdraftState> SetAsync(
        string account, long overdraft, string? note, Actor actor, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select r_outcome, r_balance, r_held from billing.set_overdraft($1, $2, $3, $4, $5, $6)");
        command.Parameters.AddOne(account);
        command.Parameters.AddOne(overdraft);
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)note ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter { Value = actor.ToJson(), NpgsqlDbType = NpgsqlDbType.Jsonb });
        command.Parameters.AddOne(options.Value.DefaultGrant.Value);
        command.Parameters.AddOne(time.GetUtcNow());
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new(reader.GetString(0) == "set", new(reader.GetInt64(1)), new(reader.GetInt64(2)));
    }
}

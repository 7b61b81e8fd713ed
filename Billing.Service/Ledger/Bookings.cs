using System.Globalization;
using LlmGateway.Billing.Pricing;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace LlmGateway.Billing.Ledger;

/// <summary>What administrators post: top-ups, refunds and adjustments. Each is one statement and one durable commit, under the account's lock.</summary>
internal sealed class Bookings(NpgsqlDataSource database, IOptions<BillingOptions> options, BillingMetrics metrics, TimeProvider time) : IDisposable
{
    // The connections are those of calls. A script that books by the hundred must not take them all.
    private readonly SemaphoreSlim _connections = new(2, 2);

    public async Task<(Booked? Booked, BookingRefusal? Refusal)> BookAsync(WantedBooking wanted, CancellationToken cancellationToken)
    {
        await _connections.WaitAsync(cancellationToken);
        try
        {
            var answer = await ExecuteAsync(wanted, cancellationToken);
            metrics.BookingDecided(wanted.Kind, answer.Booked, answer.Refusal?.Reason);
            return answer;
        }
        finally
        {
            _connections.Release();
        }
    }

    public void Dispose() => _connections.Dispose();

    private async Task<(Booked? Booked, BookingRefusal? Refusal)> ExecuteAsync(WantedBooking wanted, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            select r_outcome, r_posting_id, r_account_id, r_amount, r_balance_after, r_actor, r_created_at, r_balance, r_held, r_overdraft,
                r_paid, r_refunded, r_state
            from billing.book($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """);
        command.Parameters.AddOne(wanted.Kind);
        Add(command, wanted.AccountId, NpgsqlDbType.Text);
        Add(command, wanted.RequestId, NpgsqlDbType.Text);
        Add(command, wanted.Amount, NpgsqlDbType.Bigint);
        Add(command, wanted.Key, NpgsqlDbType.Text);
        Add(command, wanted.Note, NpgsqlDbType.Text);
        Add(command, wanted.Actor.ToJson(), NpgsqlDbType.Jsonb);
        command.Parameters.AddOne(WantedBooking.HighestBalance);
        command.Parameters.AddOne(options.Value.DefaultGrant.Value);
        command.Parameters.AddOne(time.GetUtcNow());
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var outcome = reader.GetString(0);
        return outcome is "booked" or "repeated"
            ? (ReadBooked(reader, wanted, outcome == "repeated"), null)
            : (null, ReadRefusal(reader, outcome));
    }

    private static Booked ReadBooked(NpgsqlDataReader reader, WantedBooking wanted, bool repeated) => new(
        reader.GetInt64(1), wanted.Kind, reader.GetString(2), wanted.RequestId, Amount(reader, 3), Amount(reader, 4), wanted.Note,
        Actor.FromJson(reader.GetString(5)), reader.GetFieldValue<DateTimeOffset>(6), repeated);

    private static BookingRefusal ReadRefusal(NpgsqlDataReader reader, string outcome) => outcome switch
    {
        "reused" => new(BookingRefusalReason.KeyReused),
        "unknown" => new(BookingRefusalReason.UnknownCall),
        "unsettled" => new(BookingRefusalReason.NotSettled) { State = reader.GetString(12) },
        "nothing" => new(BookingRefusalReason.NothingPaid) { Paid = Amount(reader, 10), Refunded = Amount(reader, 11) },
        "exceeded" => new(BookingRefusalReason.ExceedsPaid) { Paid = Amount(reader, 10), Refunded = Amount(reader, 11) },
        "insufficient" => new(BookingRefusalReason.InsufficientBalance)
        {
            Balance = Amount(reader, 7),
            Held = Amount(reader, 8),
            Available = Amount(reader, 7) - Amount(reader, 8) + Amount(reader, 9),
        },
        "too_large" => new(BookingRefusalReason.BalanceTooLarge),
        _ => throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"billing.book answered {outcome}.")),
    };

    private static NanoUsd Amount(NpgsqlDataReader reader, int column) => new(reader.GetInt64(column));

    private static void Add<T>(NpgsqlCommand command, T? value, NpgsqlDbType type) =>
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = type });
}

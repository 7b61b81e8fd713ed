using System.Buffers;
using System.Globalization;
using LlmGateway.Billing.Ledger;
using LlmGateway.Protos.Billing.V1;
using Actor = LlmGateway.Billing.Ledger.Actor;

namespace LlmGateway.Billing.Grpc;

/// <summary>Administrators' messages to the ledger's own types, every field checked.</summary>
internal static class LedgerRequests
{
    private const string TransactionPrefix = "txn_";
    private const int LongestKey = 255;
    private const int LongestNote = 500;
    private const int LongestActor = 256;

    private static readonly SearchValues<char> Printable =
        SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(code => (char)code)]);

    public static WantedBooking ToWanted(this TopUpRequest request)
    {
        var terms = Fields.Present("terms", request.Terms);
        return new(
            "top_up", Fields.AccountId(request.AccountId), null, Fields.InRange("amount", request.AmountNanoUsd, 1, WantedBooking.HighestAmount),
            Key(terms), Note(terms.Note), ActorOf(terms));
    }

    public static WantedBooking ToWanted(this RefundRequest request)
    {
        var terms = Fields.Present("terms", request.Terms);
        long? amount = request.HasAmountNanoUsd ? Fields.InRange("amount", request.AmountNanoUsd, 1, WantedBooking.HighestAmount) : null;
        return new("refund", null, Fields.RequestId(request.RequestId), amount, Key(terms), Note(terms.Note), ActorOf(terms));
    }

    public static WantedBooking ToWanted(this AdjustRequest request)
    {
        var terms = Fields.Present("terms", request.Terms);
        var amount = Fields.InRange("amount", request.AmountNanoUsd, -WantedBooking.HighestAmount, WantedBooking.HighestAmount);
        return new(
            "adjustment",
            Fields.AccountId(request.AccountId),
            null,
            amount != 0 ? amount : throw Fields.Invalid("amount", "must not be zero."),
            Key(terms),
            Note(terms.Note) ?? throw Fields.Invalid("note", "is missing."),
            ActorOf(terms));
    }

    public static Actor Read(this Protos.Billing.V1.Actor actor, string field) => new(
        Fields.AccountId(actor.AccountId),
        Fields.KeyId(actor.KeyId),
        Text($"{field}.masked_key", actor.MaskedKey, LongestActor),
        Text($"{field}.request_id", actor.RequestId, LongestActor));

    /// <summary>txn_17</summary>
    public static long Posting(string field, string id) =>
        id.StartsWith(TransactionPrefix, StringComparison.Ordinal)
        && long.TryParse(id.AsSpan(TransactionPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Fields.Invalid(field, "must be the id of a transaction.");

    public static string? Note(string note) => Text("note", note, LongestNote);

    private static Actor ActorOf(BookingTerms terms) => Fields.Present("actor", terms.Actor).Read("actor");

    private static string? Key(BookingTerms terms) => terms.IdempotencyKey switch
    {
        "" => null,
        { Length: <= LongestKey } key when !key.AsSpan().ContainsAnyExcept(Printable) => key,
        _ => throw Fields.Invalid("idempotency_key", $"must be 1 to {LongestKey} printable ASCII characters."),
    };

    private static string? Text(string field, string value, int longest) =>
        value.Length == 0 ? null
        : value.Length <= longest && !value.Any(char.IsControl) ? value
        : throw Fields.Invalid(field, $"must be up to {longest} characters without control characters.");
}

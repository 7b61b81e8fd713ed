using LlmGateway.Billing.Ledger;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Billing.Tests.Ledger;

/// <summary>An administrator at one replica.</summary>
internal sealed class Bookkeeper(BillingSystem billing)
{
    public static Actor Actor { get; } = new("admin", "0f2d9f9e-5a35-4a0e-8d6c-6f3f7c1c9b11", "sk-llmgw...", "req_1");

    public Task<(Booked? Booked, BookingRefusal? Refusal)> TopUpAsync(string account, long amount, string? key = null, string? note = null) =>
        BookAsync(new("top_up", account, null, amount, key, note, Actor));

    public Task<(Booked? Booked, BookingRefusal? Refusal)> AdjustAsync(string account, long amount, string? key = null) =>
        BookAsync(new("adjustment", account, null, amount, key, "a test", Actor));

    public Task<(Booked? Booked, BookingRefusal? Refusal)> RefundAsync(string request, long? amount = null, string? key = null) =>
        BookAsync(new("refund", null, request, amount, key, null, Actor));

    public Task<(Booked? Booked, BookingRefusal? Refusal)> BookAsync(WantedBooking wanted) =>
        billing.Bookings.BookAsync(wanted, CancellationToken.None);

    public Task<OverdraftState> OverdraftAsync(string account, long overdraft) => billing.Services.GetRequiredService<Overdrafts>()
        .SetAsync(account, overdraft, note: null, Actor, CancellationToken.None);

    /// <summary>Every row of the ledger, in a digest.</summary>
    public async Task<string> DumpAsync()
    {
        await using var command = billing.Database.CreateCommand(
            """
            select string_agg(d.digest, ' ' order by d.name) from (
                select 'accounts' name, md5(string_agg(a::text, E'\n' order by a::text)) digest from billing.accounts a
                union all select 'postings', md5(string_agg(p::text, E'\n' order by p::text)) from billing.postings p
                union all select 'entries', md5(string_agg(e::text, E'\n' order by e::text)) from billing.entries e
                union all select 'holds', md5(string_agg(h::text, E'\n' order by h::text)) from billing.holds h
                union all select 'charges', md5(string_agg(c::text, E'\n' order by c::text)) from billing.charges c
                union all select 'reratings', md5(string_agg(r::text, E'\n' order by r::text)) from billing.reratings r
                union all select 'usage', md5(string_agg(u::text, E'\n' order by u::text)) from billing.usage_days u
                union all select 'windows', md5(string_agg(w::text, E'\n' order by w::text)) from billing.key_windows w
                union all select 'bookings', md5(string_agg(b::text, E'\n' order by b::text)) from billing.bookings b) d
            """);
        return (string)(await command.ExecuteScalarAsync())!;
    }
}

using LlmGateway.Billing.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace LlmGateway.Billing.Ledger;

/// <summary>One posting, seen from the account.</summary>
/// <param name="Amount">What the account gained, in nano-dollars; negative for a charge.</param>
internal sealed record AccountTransaction(Posting Posting, long Amount)
{
    public string Description => (Posting.Kind, Posting.Model) switch
    {
        ("grant", _) => "Opening balance",
        ("top_up", _) => "Top-up",
        ("charge", { } model) => $"Chat completion with {model}",
        ("cache_hit", { } model) => $"Cached chat completion with {model}",
        ("write_off", { } model) => $"Not charged: part of a chat completion with {model}",
        ("refund", { } model) => $"Refund of a chat completion with {model}",
        ("refund", null) => "Refund",
        _ => "Adjustment",
    };
}

/// <summary>What an account can see of the ledger.</summary>
internal sealed class Accounts(
    BillingDbContext db, NpgsqlDataSource database, TransactionCounts counts, IOptions<BillingOptions> options, TimeProvider time)
{
    /// <summary>The account's row; one not seen before is opened with the default grant.</summary>
    public async Task<Account> GetAsync(string id, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, cancellationToken) is { } known)
        {
            return known;
        }

        await using var command = database.CreateCommand("select billing.open_accounts($1, $2, $3)");
        command.Parameters.AddTexts([id], account => account);
        command.Parameters.AddOne(options.Value.DefaultGrant.Value);
        command.Parameters.AddOne(time.GetUtcNow());
        await command.ExecuteNonQueryAsync(cancellationToken);
        return await FindAsync(id, cancellationToken) ?? throw new InvalidOperationException("An account that was opened is not there.");
    }

    /// <summary>The account's transactions, newest first, and how many there are. What its calls cost us is not among them.</summary>
    public async Task<(IReadOnlyList<AccountTransaction> Page, long Total)> TransactionsAsync(
        string id, int limit, long offset, CancellationToken cancellationToken)
    {
        var postings = db.Postings.AsNoTracking().Where(posting => posting.AccountId == id && posting.Kind != "provider_cost");
        var total = await counts.CountAsync(id, postings, cancellationToken);
        if (offset >= total)
        {
            return ([], total);
        }

        var page = await WithAmounts(postings.OrderByDescending(posting => posting.Id).Skip((int)offset).Take(limit)).ToListAsync(cancellationToken);
        return (page, total);
    }

    /// <summary>The account's transactions that are older than the posting, newest first.</summary>
    public Task<List<AccountTransaction>> TransactionsBeforeAsync(string id, long before, int limit, CancellationToken cancellationToken) =>
        TransactionsBefore(id, before, limit).ToListAsync(cancellationToken);

    internal IQueryable<AccountTransaction> TransactionsBefore(string id, long before, int limit) => WithAmounts(
        db.Postings.AsNoTracking()
            .Where(posting => posting.AccountId == id && posting.Kind != "provider_cost" && posting.Id < before)
            .OrderByDescending(posting => posting.Id).Take(limit));

    private IQueryable<AccountTransaction> WithAmounts(IQueryable<Posting> postings) => postings.Select(posting => new AccountTransaction(
        posting, db.Entries.Where(entry => entry.PostingId == posting.Id && entry.Book == "customer").Sum(entry => entry.Amount)));

    private Task<Account?> FindAsync(string id, CancellationToken cancellationToken) =>
        db.Accounts.AsNoTracking().SingleOrDefaultAsync(account => account.Id == id, cancellationToken);
}

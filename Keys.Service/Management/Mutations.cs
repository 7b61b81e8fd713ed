using LlmGateway.Keys.Changes;
using LlmGateway.Keys.Data;
using LlmGateway.ServiceDefaults;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Management;

/// <summary>
/// Makes a change, its audit and its word to the gateways one transaction:
/// 1. administrators take turns, so that no rule over several rows ("the last administrator") is broken by two at once;
/// 2. the change looks at what there is and says what it did, or why not;
/// 3. the gateways are told last, because that holds others up until the commit.
/// A transaction whose commit got no answer is not run again if it was committed: the outcome is the first run's, with its secret.
/// </summary>
internal sealed class Mutations(KeysDbContext db, TimeProvider time)
{
    /// <summary>Held by all that change accounts, keys or tariffs for an administrator or from configuration, from their first step on.</summary>
    public const string Lock = "keys management";

    /// <param name="by">Who asks.</param>
    /// <param name="fields">The request's, checked.</param>
    /// <param name="work">Run anew when the database failed on the way, with nothing tracked.</param>
    /// <param name="cancellationToken">Of the call.</param>
    public async Task<Outcome<T>> RunAsync<T>(
        Protos.Keys.V1.Actor? by, Fields fields, Func<Mutation, CancellationToken, Task<Outcome<T>>> work, CancellationToken cancellationToken)
        where T : class
    {
        if (fields.Check(by).Problem is { } problem)
        {
            // A label's field has its name, which is not repeated if it is a secret; then the secret is the first thing to say.
            return await SecretsInText.FindAsync(db, fields.Texts, cancellationToken) ?? problem;
        }

        (string Transaction, Outcome<T> Outcome)? before = null;
        return await db.Database.CreateExecutionStrategy().ExecuteAsync(RunOnceAsync, cancellationToken);

        async Task<Outcome<T>> RunOnceAsync(CancellationToken cancel)
        {
            db.ChangeTracker.Clear();
            if (await SecretsInText.FindAsync(db, fields.Texts, cancel) is { } secret)
            {
                return secret;
            }

            await using var transaction = await db.Database.BeginTransactionAsync(cancel);
            await DatabaseLock.HoldForTransactionAsync(db, Lock, cancel); // 1

            // The lock is free, so the transaction before has ended, one way or the other.
            if (before is { } known && await db.IsCommittedAsync(known.Transaction, cancel))
            {
                return known.Outcome;
            }

            var mutation = new Mutation(db, by!.ToActor(), Moment.Now(time));
            var outcome = await work(mutation, cancel); // 2
            if (outcome.Rejection is not null || mutation.Changes.Count == 0)
            {
                return outcome;
            }

            before = (await db.TransactionIdAsync(cancel), outcome);
            await db.SaveChangesAsync(cancel);
            await ChangeLog.AppendAsync(db, mutation.Changes, cancel); // 3
            await transaction.CommitAsync(cancel);
            return outcome;
        }
    }
}

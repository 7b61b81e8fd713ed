using LlmGateway.ServiceDefaults;
using Npgsql;

namespace LlmGateway.Billing.Ledger;

/// <summary>What the failure of a statement that many calls share says about them.</summary>
internal static class LineFailure
{
    /// <summary>
    /// One of them may be to blame, and the others may succeed without it. Two statements that locked each other out are by their lines too,
    /// though the driver calls that passing.
    /// </summary>
    public static bool IsByOneLine(Exception exception) => exception switch
    {
        OperationCanceledException => false,
        PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected } => true,
        _ => !StoreFailure.IsOutOfReach(exception),
    };
}

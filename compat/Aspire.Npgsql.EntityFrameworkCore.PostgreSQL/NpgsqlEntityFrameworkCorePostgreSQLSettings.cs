namespace Aspire.Npgsql.EntityFrameworkCore.PostgreSQL;

/// <summary>
/// What can be set under <c>Aspire:Npgsql:EntityFrameworkCore:PostgreSQL</c>, or for one context under
/// <c>Aspire:Npgsql:EntityFrameworkCore:PostgreSQL:{name of the context's type}</c>.
/// </summary>
public sealed class NpgsqlEntityFrameworkCorePostgreSQLSettings
{
    /// <summary>In Npgsql's own form. <c>ConnectionStrings:{connection name}</c> wins over a value from the sections above.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Without it, a command that failed for a passing reason is sent again, which forbids bare transactions.</summary>
    public bool DisableRetry { get; set; }

    /// <summary>No health check named after the context's type.</summary>
    public bool DisableHealthChecks { get; set; }

    /// <summary>Kept for configuration written for the package; Npgsql's own activity source is heard or not by its listeners.</summary>
    public bool DisableTracing { get; set; }

    /// <summary>Kept for configuration written for the package; Npgsql's own meter is heard or not by its listeners.</summary>
    public bool DisableMetrics { get; set; }

    /// <summary>In seconds; null leaves Npgsql's own 30.</summary>
    public int? CommandTimeout { get; set; }
}

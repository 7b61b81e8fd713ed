using System.ComponentModel.DataAnnotations;

namespace LlmGateway.Keys.Backup;

/// <summary>Section <c>Backup</c>.</summary>
internal sealed class BackupOptions
{
    public const string Section = "Backup";

    /// <summary>
    /// Bytes of the largest document that is exported and restored. A restore has all of it in memory, several times its size. The gateway has
    /// a bound of its own (<c>Admin:MaxRestoreBytes</c>).
    /// </summary>
    [Range(1024, 16L * 1024 * 1024 * 1024)]
    public long MaxBytes { get; set; } = 256 * 1024 * 1024;
}

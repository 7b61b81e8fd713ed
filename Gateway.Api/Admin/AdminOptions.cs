using System.ComponentModel.DataAnnotations;

namespace LlmGateway.Gateway.Admin;

/// <summary>Bounds of the management endpoints. Section <c>Admin</c>.</summary>
internal sealed class AdminOptions
{
    public const string Section = "Admin";

    /// <summary>Bytes of a backup that is restored. It goes on to Keys.Service as it comes and is not kept in the gateway's memory.</summary>
    [Range(1024, 16L * 1024 * 1024 * 1024)]
    public long MaxRestoreBytes { get; set; } = 256 * 1024 * 1024;

    /// <summary>Seconds that a backup or a restore may take.</summary>
    [Range(10, 3_600)]
    public int BackupSeconds { get; set; } = 600;
}

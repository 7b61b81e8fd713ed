using System.Globalization;
using Aspire.Hosting.Processes;

namespace Aspire.Hosting.PostgreSQL;

/// <summary>The folder with postgres and initdb of one PostgreSQL version.</summary>
internal sealed record PostgresPrograms(string Directory)
{
    // Debian keeps them out of PATH: /usr/lib/postgresql/15/bin.
    private const string DebianRoot = "/usr/lib/postgresql";

    public string Server => Path.Combine(Directory, "postgres");

    public string InitDb => Path.Combine(Directory, "initdb");

    /// <param name="cluster">A data folder that exists is opened by the version that made it, if that is installed.</param>
    /// <exception cref="MissingProgramException">There is no PostgreSQL on this machine.</exception>
    public static PostgresPrograms Find(string cluster)
    {
        var version = Path.Combine(cluster, "PG_VERSION");
        var candidates = File.Exists(version)
            ? new[] { Path.Combine(DebianRoot, File.ReadAllText(version).Trim(), "bin") }.Concat(Candidates())
            : Candidates();
        return candidates.Select(directory => new PostgresPrograms(directory))
            .FirstOrDefault(programs => File.Exists(programs.Server) && File.Exists(programs.InitDb))
            ?? throw MissingProgramException.For("postgres", "postgresql");
    }

    private static IEnumerable<string> Candidates()
    {
        if (ProgramFiles.Find("postgres") is { } found)
        {
            // PATH may hold a link to one program of the folder.
            var real = new FileInfo(found).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? found;
            yield return Path.GetDirectoryName(real)!;
        }

        if (!System.IO.Directory.Exists(DebianRoot))
        {
            yield break;
        }

        foreach (var version in System.IO.Directory.EnumerateDirectories(DebianRoot).OrderByDescending(Version))
        {
            yield return Path.Combine(version, "bin");
        }
    }

    private static double Version(string directory) =>
        double.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var version) ? version : 0;
}

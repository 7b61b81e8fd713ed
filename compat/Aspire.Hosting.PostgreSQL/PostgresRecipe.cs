using System.Globalization;
using System.Runtime.InteropServices;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Orchestration;
using Aspire.Hosting.Processes;

namespace Aspire.Hosting.PostgreSQL;

internal sealed class PostgresRecipe(PostgresServerResource server) : IProcessRecipe
{
    public async Task<ProcessSpec> PrepareAsync(LaunchContext context, CancellationToken cancellationToken)
    {
        var cluster = new PostgresCluster(context.Folder, context.IsTemporary);
        var programs = PostgresPrograms.Find(cluster.Data);
        await OrphanedProcesses.EndAsync(cluster.Data, cancellationToken);
        cluster.RemoveLeftOvers();
        if (!cluster.Exists)
        {
            var user = await server.UserName.GetValueAsync(cancellationToken) ?? "postgres";
            var password = await server.PasswordParameter.GetValueAsync(cancellationToken) ?? "";
            await cluster.CreateAsync(programs, user, password, cancellationToken);
        }

        return new ProcessSpec(programs.Server, [.. Arguments(cluster), .. context.Arguments], cluster.Folder)
        {
            Environment = PostgresCluster.Environment,
            User = PostgresCluster.User,

            // SIGINT disconnects clients and writes a checkpoint; data that is deleted next needs none.
            StopSignal = context.IsTemporary ? PosixSignal.SIGQUIT : PosixSignal.SIGINT,

            // Not KILL: the postmaster takes its backends with it, also one that is busy and would not see that it died.
            DeathSignal = "QUIT",
        };
    }

    private IEnumerable<string> Arguments(PostgresCluster cluster)
    {
        yield return "-D";
        yield return cluster.Data;
        foreach (var (name, value) in Settings(cluster))
        {
            yield return "-c";
            yield return $"{name}={value}";
        }
    }

    private IEnumerable<(string Name, string Value)> Settings(PostgresCluster cluster)
    {
        yield return ("listen_addresses", "127.0.0.1");
        yield return ("port", server.PrimaryEndpoint.Port.ToString(CultureInfo.InvariantCulture));

        // No socket: its folder would have to be short, writable and somewhere.
        yield return ("unix_socket_directories", "");
        yield return ("max_connections", "300");
        yield return ("shared_buffers", "64MB");
        yield return ("logging_collector", "off");
        yield return ("log_checkpoints", "off");
        yield return ("log_line_prefix", "");
        if (cluster.IsTemporary)
        {
            // It is deleted at the end; only a crash of the machine could lose something.
            yield return ("fsync", "off");
            yield return ("full_page_writes", "off");
        }
    }
}

using System.Globalization;
using System.Text;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Orchestration;
using Aspire.Hosting.Processes;

namespace Aspire.Hosting.Redis;

internal sealed class RedisRecipe(RedisResource redis) : IProcessRecipe
{
    public async Task<ProcessSpec> PrepareAsync(LaunchContext context, CancellationToken cancellationToken)
    {
        var program = ProgramFiles.Find("redis-server") ?? throw MissingProgramException.For("redis-server", "redis-server");
        var folder = context.Folder;
        await OrphanedProcesses.EndAsync(folder, cancellationToken);
        return new ProcessSpec(program, ["-", .. context.Arguments], folder)
        {
            // "-" reads the configuration from standard input: a password among the arguments is for everybody to see.
            StandardInput = await ConfigurationAsync(folder, cancellationToken),
            Environment = await context.EnvironmentAsync([], cancellationToken),
            DeathSignal = "TERM",
        };
    }

    private async Task<string> ConfigurationAsync(string folder, CancellationToken cancellationToken)
    {
        var persistence = redis.Annotations.OfType<RedisPersistenceAnnotation>().LastOrDefault();
        var lines = new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"bind 127.0.0.1\nport {redis.PrimaryEndpoint.Port}\n")
            .Append(CultureInfo.InvariantCulture, $"dir {Quoted(folder)}\n")
            .Append(CultureInfo.InvariantCulture, $"appendonly {(persistence is null ? "no" : "yes")}\nsave \"\"\nloglevel warning\n");
        if (persistence?.Interval is { } interval)
        {
            lines.Append(CultureInfo.InvariantCulture, $"save {(long)interval.TotalSeconds} {persistence.KeysChanged}\n");
        }

        if (redis.PasswordParameter is { } password)
        {
            lines.Append("requirepass ").Append(Quoted(await password.GetValueAsync(cancellationToken) ?? "")).Append('\n');
        }

        return lines.ToString();
    }

    // redis.conf: a value in double quotes knows the escapes \\ and \".
    private static string Quoted(string value) =>
        $"\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}

using Aspire.Hosting.Processes;

namespace Aspire.Hosting.PostgreSQL;

/// <summary>
/// A data folder, under the resource's own: {folder}/data. PostgreSQL refuses to run as root; then the folder and the
/// process belong to the user postgres, which the package makes.
/// </summary>
internal sealed class PostgresCluster(string folder, bool isTemporary)
{
    public static UnixUser? User { get; } =
        System.Environment.IsPrivilegedProcess ? UnixUser.Find("postgres") ?? UnixUser.Find("nobody") : null;

    /// <summary>Nothing of AppHost's: PGDATA, PGPORT and their like would be obeyed.</summary>
    public static IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string>
    {
        ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ["LC_ALL"] = "C.UTF-8",
    };

    public string Folder => folder;

    public bool IsTemporary => isTemporary;

    public string Data { get; } = Path.Combine(folder, "data");

    public bool Exists => File.Exists(Path.Combine(Data, "PG_VERSION"));

    private string PasswordFile => Path.Combine(folder, "password.new");

    /// <summary>
    /// What a run that was killed left. The process id in its pid file may be somebody else's by now, and PostgreSQL would
    /// refuse to start if that is a process of its own user. Called when no process uses the folder any more.
    /// </summary>
    public void RemoveLeftOvers()
    {
        File.Delete(PasswordFile);
        if (Directory.Exists(Data))
        {
            File.Delete(Path.Combine(Data, "postmaster.pid"));
        }
    }

    /// <summary>initdb into a draft, so that a run that is killed meanwhile leaves no half of a cluster.</summary>
    public async Task CreateAsync(PostgresPrograms programs, string user, string password, CancellationToken cancellationToken)
    {
        var draft = Data + ".new";
        if (Directory.Exists(draft))
        {
            Directory.Delete(draft, recursive: true);
        }

        await OwnAsync(folder, cancellationToken);
        await WritePasswordAsync(PasswordFile, password, cancellationToken);
        try
        {
            await InitAsync(programs, draft, user, cancellationToken);
            Directory.Move(draft, Data);
        }
        finally
        {
            File.Delete(PasswordFile);
        }
    }

    private static async Task WritePasswordAsync(string path, string password, CancellationToken cancellationToken)
    {
        await using (var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            await file.WriteAsync(System.Text.Encoding.UTF8.GetBytes(password + "\n"), cancellationToken);
        }

        await OwnAsync(path, cancellationToken);
    }

    private static async Task OwnAsync(string path, CancellationToken cancellationToken)
    {
        if (User is not null)
        {
            await CheckedAsync(new ProcessSpec(Required("chown"), [User.Name, path], "/") { Environment = Environment }, cancellationToken);
        }
    }

    private async Task InitAsync(PostgresPrograms programs, string draft, string user, CancellationToken cancellationToken)
    {
        string[] arguments =
        [
            "-D", draft, "--username", user, "--pwfile", PasswordFile, "--auth", "scram-sha-256", "--encoding", "UTF8",
            "--locale", "C.UTF-8", .. isTemporary ? ["--no-sync"] : Array.Empty<string>(),
        ];
        var spec = new ProcessSpec(programs.InitDb, arguments, "/") { Environment = Environment, User = User };
        await CheckedAsync(spec, cancellationToken);
    }

    private static async Task CheckedAsync(ProcessSpec spec, CancellationToken cancellationToken)
    {
        var result = await ShortCommand.RunAsync(spec, cancellationToken);
        if (result.ExitCode != 0)
        {
            var reach = User is null ? "" : $" PostgreSQL runs as the user {User.Name}, who must be able to reach that folder.";
            throw new DistributedApplicationException(
                $"{Path.GetFileName(spec.Program)} ended with code {result.ExitCode}: {result.Output.Trim()} {result.Error.Trim()}{reach}");
        }
    }

    private static string Required(string program) => ProgramFiles.Find(program) ?? throw MissingProgramException.For(program, "coreutils");
}

namespace Aspire.Hosting.Processes;

/// <summary>A user of this machine that a child runs as, with its own group.</summary>
internal sealed record UnixUser(string Name, string GroupId)
{
    /// <summary>From a line such as <c>postgres:x:101:104:PostgreSQL administrator:/var/lib/postgresql:/bin/bash</c>.</summary>
    public static UnixUser? Find(string name) => File.ReadLines("/etc/passwd")
        .Select(line => line.Split(':'))
        .Where(fields => fields.Length > 3 && fields[0] == name)
        .Select(fields => new UnixUser(name, fields[3]))
        .FirstOrDefault();
}

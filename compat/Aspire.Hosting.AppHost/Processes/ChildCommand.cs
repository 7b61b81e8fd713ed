using System.Diagnostics;
using System.Globalization;

namespace Aspire.Hosting.Processes;

/// <summary>
/// The command line around a child. .NET's Process has no hook between fork and exec, so small programs of util-linux, each
/// of which executes the next in its own place (the process id stays), make the calls:
/// 1. setsid: a session of its own. Ctrl-C in a terminal goes to AppHost alone, which then stops the children in order.
/// 2. setpriv: the other user, and PR_SET_PDEATHSIG, set last because a change of user clears it: the kernel ends the child
///    when AppHost is killed with -9.
/// 3. bash: goes on only if AppHost is still its parent. If it died before step 2, no signal would ever come. (bash and not
///    sh: dash drops variables with a hyphen in their name, such as services__billing-2__grpc__0. -p: no start-up files.)
/// Where setpriv is missing (not Linux) the program is started as it is, without this protection.
/// </summary>
internal static class ChildCommand
{
    private const string IfParentLives = """[[ $PPID == "$0" ]] || exit 125; exec "$@" """;

    private static readonly string? SetSid = ProgramFiles.Find("setsid");
    private static readonly string? SetPriv = ProgramFiles.Find("setpriv");
    private static readonly string? Bash = ProgramFiles.Find("bash");

    public static ProcessStartInfo For(ProcessSpec spec)
    {
        string[] command = [.. Prefix(spec), spec.Program, .. spec.Arguments];
        var info = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = spec.WorkingDirectory,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment.Clear();
        foreach (var (name, value) in spec.Environment)
        {
            info.Environment[name] = value;
        }

        return info;
    }

    private static IEnumerable<string> Prefix(ProcessSpec spec)
    {
        if (SetPriv is null)
        {
            return spec.User is null ? [] : throw MissingProgramException.For("setpriv", "util-linux");
        }

        IEnumerable<string> user = spec.User is null ? [] : ["--reuid", spec.User.Name, "--regid", spec.User.GroupId, "--init-groups"];
        return
        [
            .. SetSid is null ? Array.Empty<string>() : [SetSid],
            SetPriv, "--pdeathsig", spec.DeathSignal, .. user, "--",
            .. Bash is null ? Array.Empty<string>() : [Bash, "-pc", IfParentLives, Environment.ProcessId.ToString(CultureInfo.InvariantCulture)],
        ];
    }
}

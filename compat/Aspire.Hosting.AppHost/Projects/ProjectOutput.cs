using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using Aspire.Hosting.Processes;

namespace Aspire.Hosting.Projects;

/// <summary>
/// Where a project's dll is. Upstream starts `dotnet run --no-build`; the dll is started directly here, so that the process
/// id is the service's own, and a kill of it kills the service.
/// </summary>
internal sealed class ProjectOutput(string projectPath, Assembly? stampedOn, string configuration)
{
    /// <summary>The dotnet that runs this process: PATH may have another, or none.</summary>
    public static string DotNet { get; } = FindDotNet();

    /// <exception cref="DistributedApplicationException">It is not built.</exception>
    public async Task<string> FindAsync(CancellationToken cancellationToken)
    {
        var path = (stampedOn is null ? null : AppHostMetadata.Target(stampedOn, projectPath)) ?? await AskAsync(cancellationToken);
        return File.Exists(path) ? path : throw new DistributedApplicationException(
            $"{projectPath} is not built ({path} is missing). Run: dotnet build {projectPath} -c {configuration}");
    }

    private async Task<string> AskAsync(CancellationToken cancellationToken)
    {
        var result = await ShortCommand.RunAsync(
            new ProcessStartInfo(DotNet, ["msbuild", projectPath, "-getProperty:TargetPath", $"-p:Configuration={configuration}"]),
            cancellationToken);
        return result.ExitCode == 0 ? result.Output.Trim() : throw new DistributedApplicationException(
            $"{projectPath}: its output path is not known: {result.Output}{result.Error}");
    }

    private static string FindDotNet()
    {
        // .../dotnet/shared/Microsoft.NETCore.App/10.0.x/
        var besideRuntime = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        return File.Exists(besideRuntime) ? besideRuntime : ProgramFiles.Find("dotnet") ?? "dotnet";
    }
}

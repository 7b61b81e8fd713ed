using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Orchestration;
using Aspire.Hosting.Processes;

namespace Aspire.Hosting;

public static class ExecutableResourceBuilderExtensions
{
    /// <param name="builder">The application.</param>
    /// <param name="name">The resource's name.</param>
    /// <param name="command">A program in PATH, or a path.</param>
    /// <param name="workingDirectory">Relative to AppHost's directory.</param>
    /// <param name="args">The program's arguments.</param>
    public static IResourceBuilder<ExecutableResource> AddExecutable(
        this IDistributedApplicationBuilder builder,
        string name,
        string command,
        string workingDirectory,
        params string[]? args)
    {
        var directory = Path.GetFullPath(workingDirectory, builder.AppHostDirectory);
        return builder.AddResource(new ExecutableResource(name, command, directory))
            .WithAnnotation(new ExecutableRecipe(command, directory))
            .WithArgs(args ?? []);
    }
}

internal sealed class ExecutableRecipe(string command, string directory) : IProcessRecipe
{
    public async Task<ProcessSpec> PrepareAsync(LaunchContext context, CancellationToken cancellationToken)
    {
        var program = command.Contains('/', StringComparison.Ordinal) ? Path.GetFullPath(command, directory) : ProgramFiles.Find(command);
        return new ProcessSpec(program ?? throw MissingProgramException.For(command, package: null), context.Arguments, directory)
        {
            Environment = await context.EnvironmentAsync([], cancellationToken),
        };
    }
}

using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Processes;

namespace Aspire.Hosting.Orchestration;

/// <summary>
/// How a resource becomes a process: a project, an executable, PostgreSQL, Redis. To add another kind of server: a class
/// derived from ContainerResource, an Add… extension that annotates it with endpoints and a recipe, and a health check.
/// </summary>
internal interface IProcessRecipe : IResourceAnnotation
{
    /// <summary>Called at each start; endpoints have their ports by then.</summary>
    Task<ProcessSpec> PrepareAsync(LaunchContext context, CancellationToken cancellationToken);
}

/// <summary>What a resource without a process does when it starts: a database is created.</summary>
internal sealed class StartStepAnnotation(Func<CancellationToken, Task> run) : IResourceAnnotation
{
    public Task RunAsync(CancellationToken cancellationToken) => run(cancellationToken);
}

namespace Aspire.Hosting.ApplicationModel;

public enum ResourceAnnotationMutationBehavior
{
    Append,
    Replace,
}

public class EnvironmentCallbackContext(
    DistributedApplicationExecutionContext executionContext,
    IResource resource,
    Dictionary<string, object>? environmentVariables = null,
    CancellationToken cancellationToken = default)
{
    /// <summary>Values are strings, or value providers (endpoints, parameters, expressions) that are asked when all callbacks have run.</summary>
    public Dictionary<string, object> EnvironmentVariables { get; } = environmentVariables ?? [];

    public DistributedApplicationExecutionContext ExecutionContext => executionContext;

    public IResource Resource => resource;

    public CancellationToken CancellationToken => cancellationToken;
}

internal sealed class EnvironmentCallbackAnnotation(Func<EnvironmentCallbackContext, Task> callback) : IResourceAnnotation
{
    public Task InvokeAsync(EnvironmentCallbackContext context) => callback(context);
}

internal sealed class ArgumentsAnnotation(IReadOnlyList<string> arguments) : IResourceAnnotation
{
    public IReadOnlyList<string> Arguments => arguments;
}

internal enum WaitKind
{
    UntilHealthy,
    UntilStarted,
    UntilCompleted,
}

internal sealed class WaitAnnotation(IResource dependency, WaitKind kind, int exitCode = 0) : IResourceAnnotation
{
    public IResource Dependency => dependency;

    public WaitKind Kind => kind;

    public int ExitCode => exitCode;
}

/// <summary>A reference without a wait: only the order of stopping depends on it.</summary>
internal sealed class ReferenceAnnotation(IResource target) : IResourceAnnotation
{
    public IResource Target => target;
}

internal sealed class HealthCheckAnnotation(string key) : IResourceAnnotation
{
    public string Key => key;
}

internal sealed class ExplicitStartAnnotation : IResourceAnnotation;

/// <summary>The resource's data outlives the run: it is kept in the state folder.</summary>
internal sealed class DurableAnnotation : IResourceAnnotation;

using System.Reflection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Testing;

/// <summary>An AppHost's Main on a thread of its own. It ends when the application is disposed, or is abandoned in Build().</summary>
internal static class EntryPoint
{
    public static Task Start(Assembly assembly, string[] args, BuildInterception interception)
    {
        var main = assembly.EntryPoint
            ?? throw new InvalidOperationException($"{assembly.GetName().Name} has no entry point; it is not an AppHost.");
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            // Local to this thread's flow: parallel tests each intercept their own.
            BuildInterception.Current = interception;
            interception.Fail(Run(main, args));
            ended.SetResult();
        })
        {
            IsBackground = true,
            Name = $"entry point of {assembly.GetName().Name}",
        };
        thread.Start();
        return ended.Task;
    }

    /// <returns>What a waiting test is told, if it still waits: the exception, or that nothing was built.</returns>
    private static Exception Run(MethodInfo main, string[] args)
    {
        try
        {
            main.Invoke(null, main.GetParameters().Length == 0 ? null : [args]);
            return new InvalidOperationException("The entry point exited without building a DistributedApplication.");
        }
        catch (TargetInvocationException e) when (e.InnerException is HostAbortedException)
        {
            return new ObjectDisposedException(nameof(IDistributedApplicationTestingBuilder));
        }
        catch (TargetInvocationException e)
        {
            return e.InnerException!;
        }
    }
}

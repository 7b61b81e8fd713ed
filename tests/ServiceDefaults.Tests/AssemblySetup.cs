using System.Runtime.CompilerServices;

namespace LlmGateway.ServiceDefaults.Tests;

internal static class AssemblySetup
{
    // A developer's .env has keys and addresses that no test must meet.
    [ModuleInitializer]
    public static void IgnoreDotEnv() => Environment.SetEnvironmentVariable(DotEnv.PathVariable, "/dev/null");
}

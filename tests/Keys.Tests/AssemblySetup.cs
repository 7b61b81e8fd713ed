using System.Runtime.CompilerServices;

namespace LlmGateway.Keys.Tests;

internal static class AssemblySetup
{
    // A developer's .env has keys that no test must meet.
    [ModuleInitializer]
    public static void IgnoreDotEnv() => Environment.SetEnvironmentVariable("LLMGATEWAY_ENV_FILE", "/dev/null");
}

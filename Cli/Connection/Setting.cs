using LlmGateway.ServiceDefaults;

namespace LlmGateway.Cli.Connection;

/// <summary>A setting as ./run.sh finds it: from the environment, else from the file .env beside the solution.</summary>
/// <param name="Source">Where it was found, without its value.</param>
internal sealed record Setting(string Value, string Source)
{
    private const string Prefix = "LLM_PROXY__";

    private static readonly Lazy<DotEnv> File = new(Read);

    private static string? GivenFile => Environment.GetEnvironmentVariable(DotEnv.PathVariable) is { Length: > 0 } path ? path : null;

    public static Setting? Find(string name) => FindAsItIs(Prefix + name) ?? FindAsItIs(name);

    public override string ToString() => Source;

    private static Setting? FindAsItIs(string name) =>
        Environment.GetEnvironmentVariable(name) is { } configured && !string.IsNullOrWhiteSpace(configured) ? new(configured, name)
        : File.Value.Values.TryGetValue(name, out var written) ? new(written, $"{name} in {GivenFile ?? ".env"}")
        : null;

    private static DotEnv Read()
    {
        try
        {
            return DotEnv.ReadFor(AppContext.BaseDirectory, GivenFile);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new FailedException($"The settings in {GivenFile ?? ".env"} cannot be read: {unreadable.Message}");
        }
    }
}

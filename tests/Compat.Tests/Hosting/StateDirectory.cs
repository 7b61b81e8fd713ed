namespace LlmGateway.Compat.Tests.Hosting;

/// <summary>A state folder for one test, as `mktemp -d` makes them: nobody else may look into it.</summary>
internal sealed class StateDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("hosting-test-").FullName;

    public string Password => File.ReadAllText(System.IO.Path.Combine(Path, "secrets", "postgres-password"));

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

namespace LlmGateway.Testing;

/// <summary>The folder that has LlmGateway.sln, found upwards from the tests.</summary>
public static class RepositoryRoot
{
    public static string Path { get; } = Find();

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(System.IO.Path.Combine(folder.FullName, "LlmGateway.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("LlmGateway.sln is in no folder above the tests.");
        }

        return folder.FullName;
    }
}

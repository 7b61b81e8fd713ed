namespace Aspire.Hosting.Projects;

/// <summary>What Kestrel accepts as an address and Uri does not: http://*:8080, http://+:8080.</summary>
internal static class ListenAddress
{
    public static string ToUri(string address) => address
        .Replace("://*", "://0.0.0.0", StringComparison.Ordinal)
        .Replace("://+", "://0.0.0.0", StringComparison.Ordinal);
}

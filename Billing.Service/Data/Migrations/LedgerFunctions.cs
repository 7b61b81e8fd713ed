using System.Reflection;

namespace LlmGateway.Billing.Data.Migrations;

/// <summary>
/// The SQL files of one folder, embedded, in the order of their names. A folder that a migration has applied does not change any
/// more: the next version of a function is a new folder with <c>create or replace</c>, and a new migration that reads it.
/// </summary>
internal static class LedgerFunctions
{
    public static IEnumerable<string> Read(string folder)
    {
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith(folder + '/', StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            yield return reader.ReadToEnd();
        }
    }
}

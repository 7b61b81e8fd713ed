using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using LlmGateway.Testing;

namespace LlmGateway.Routing.Tests;

/// <summary>
/// Golden files: what goes in and what must come out stand beside each other in a folder, one set a case. They are read from the
/// source tree. With UPDATE_GOLDEN=1 in the environment what comes out is written there instead of compared: read the diff before you commit it.
/// </summary>
internal sealed class Golden(string folder)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly bool Updates = Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1";

    private readonly string _path = Path.Combine(RepositoryRoot.Path, "tests", "Routing.Tests", folder);

    /// <summary>The names of all cases that have an input.</summary>
    /// <param name="input">The input's file name after the case's: ".request.json".</param>
    public TheoryData<string> Cases(string input)
    {
        var names = Directory.EnumerateFiles(_path, "*" + input).Select(file => Path.GetFileName(file)[..^input.Length]).Order(StringComparer.Ordinal);
        return [.. names];
    }

    public byte[] Read(string file) => File.ReadAllBytes(Path.Combine(_path, file));

    /// <summary>Compares JSON as text, so that the order of members counts; only blanks between them do not.</summary>
    public void ShouldMatchJson(string file, ReadOnlyMemory<byte> actual)
    {
        using var document = JsonDocument.Parse(actual);
        ShouldMatch(file, JsonSerializer.Serialize(document.RootElement, Indented) + "\n");
    }

    /// <summary>Compares text that has one item a line.</summary>
    public void ShouldMatchLines(string file, IEnumerable<string> actual) => ShouldMatch(file, string.Concat(actual.Select(line => line + "\n")));

    private void ShouldMatch(string file, string actual)
    {
        if (Updates)
        {
            File.WriteAllText(Path.Combine(_path, file), actual);
        }

        Encoding.UTF8.GetString(Read(file)).ShouldBe(actual, $"{folder}/{file}");
    }
}

using System.Globalization;
using OpenTelemetry;

namespace LlmGateway.ServiceDefaults.Metrics;

/// <summary>Labels of a sample, from a point of the SDK's or from a list, as text.</summary>
internal readonly struct LabelSource
{
    private readonly ReadOnlyTagCollection? _tags;
    private readonly KeyValuePair<string, object?>[]? _list;

    public LabelSource(ReadOnlyTagCollection tags) => _tags = tags;

    public LabelSource(KeyValuePair<string, object?>[] list) => _list = list;

    public IEnumerator<(string Key, string Text)> GetEnumerator()
    {
        if (_tags is { } tags)
        {
            foreach (var tag in tags)
            {
                yield return (tag.Key, Text(tag.Value));
            }
        }

        foreach (var tag in _list ?? [])
        {
            yield return (tag.Key, Text(tag.Value));
        }
    }

    private static string Text(object? value) => value switch
    {
        string text => text,
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}

using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LlmGateway.ServiceDefaults.Logging;

/// <summary>The named values of a record and of the scopes around it, in snake_case. Of two with one name the innermost counts.</summary>
internal sealed class LogFields
{
    private const string Template = "{OriginalFormat}";

    // Names come from templates in code; this is only for the case that somebody makes them from data.
    private const int MostNames = 1_000;

    private static readonly ConcurrentDictionary<string, string> Names = new(StringComparer.Ordinal)
    {
        ["Account"] = "user_id",
        ["AccountId"] = "user_id",
    };

    private readonly List<(string Name, string Written, object Value)> _fields = [];

    /// <summary>The record's message before its values were put into it; null when it has none.</summary>
    public string? MessageTemplate { get; private set; }

    public static LogFields Of<TState>(in LogEntry<TState> entry, IExternalScopeProvider? scopes)
    {
        var fields = new LogFields();
        if (entry.State is IReadOnlyList<KeyValuePair<string, object?>> state)
        {
            for (var i = 0; i < state.Count; i++)
            {
                fields.Add(state[i], isScope: false);
            }
        }

        if (scopes is not null)
        {
            var outermostFirst = new List<KeyValuePair<string, object?>>();
            scopes.ForEachScope(static (scope, found) => found.AddRange(scope as IEnumerable<KeyValuePair<string, object?>> ?? []), outermostFirst);
            for (var i = outermostFirst.Count - 1; i >= 0; i--)
            {
                fields.Add(outermostFirst[i], isScope: true);
            }
        }

        return fields;
    }

    /// <summary>All that is left, each with the name that it has in the code.</summary>
    public IReadOnlyList<(string Name, string Written, object Value)> All => _fields;

    /// <summary>Takes a field out.</summary>
    public object? Take(string name)
    {
        var at = _fields.FindIndex(field => field.Name == name);
        if (at < 0)
        {
            return null;
        }

        var value = _fields[at].Value;
        _fields.RemoveAt(at);
        return value;
    }

    private void Add(KeyValuePair<string, object?> pair, bool isScope)
    {
        if (pair.Key == Template)
        {
            MessageTemplate = isScope ? MessageTemplate : pair.Value as string;
            return;
        }

        var name = NameOf(pair.Key);
        if (pair.Value is not null && !_fields.Exists(field => field.Name == name))
        {
            _fields.Add((name, pair.Key, pair.Value));
        }
    }

    private static string NameOf(string written)
    {
        if (Names.TryGetValue(written, out var known))
        {
            return known;
        }

        var name = JsonNamingPolicy.SnakeCaseLower.ConvertName(written);
        if (Names.Count < MostNames)
        {
            Names[written] = name;
        }

        return name;
    }
}

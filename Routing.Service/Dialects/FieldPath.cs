using System.Globalization;

namespace LlmGateway.Routing.Dialects;

/// <summary>Where a reader stands in a client's body, to name the field at fault as Anthropic does: messages.0.content.1.source.</summary>
internal sealed class FieldPath
{
    private readonly List<(string? Name, int Index)> _steps = [];

    public void Enter(string name) => _steps.Add((name, 0));

    public void Enter(int index) => _steps.Add((null, index));

    public void Leave() => _steps.RemoveAt(_steps.Count - 1);

    /// <summary>The next element, when it stands in an array.</summary>
    public void Step()
    {
        if (_steps.Count > 0 && _steps[^1] is (null, var index))
        {
            _steps[^1] = (null, index + 1);
        }
    }

    /// <summary>The next member of the same object.</summary>
    public void Rename(string name) => _steps[^1] = (name, 0);

    public string Of(string? member) => member is null ? ToString() : _steps.Count == 0 ? member : $"{this}.{member}";

    public override string ToString() => string.Join('.', _steps.Where(step => step.Name is { Length: > 0 } || step is (null, >= 0))
        .Select(step => step.Name ?? step.Index.ToString(CultureInfo.InvariantCulture)));
}

using System.Globalization;

namespace LlmGateway.Routing.Catalog;

/// <summary>All that is wrong with one catalogue file, each with its place. An error refuses the file, a warning does not.</summary>
internal sealed class CatalogProblems(string file)
{
    private readonly List<(long Line, string Message)> _errors = [];
    private readonly List<(long Line, string Message)> _warnings = [];

    public bool HasErrors => _errors.Count > 0;

    /// <summary>"models.yaml:12: message", by line.</summary>
    public IReadOnlyList<string> Errors => Format(_errors);

    /// <summary>Without their places.</summary>
    public IReadOnlyList<string> Messages => [.. _errors.Select(error => error.Message)];

    public IReadOnlyList<string> Warnings => Format(_warnings);

    public void Error(long line, string message) => _errors.Add((line, message));

    public void Warning(long line, string message) => _warnings.Add((line, message));

    private List<string> Format(List<(long Line, string Message)> problems) =>
        [.. problems.OrderBy(problem => problem.Line)
            .Select(problem => string.Create(CultureInfo.InvariantCulture, $"{file}:{problem.Line}: {problem.Message}"))];
}

/// <summary>A catalogue file that cannot be used. Stops the start, or refuses a reload.</summary>
internal sealed class CatalogException(IReadOnlyList<string> errors)
    : Exception("The model catalogue is not valid:" + Environment.NewLine + string.Join(Environment.NewLine, errors))
{
    public IReadOnlyList<string> Errors { get; } = errors;

    /// <summary>The errors without their places.</summary>
    public IReadOnlyList<string> Messages { get; init; } = errors;
}

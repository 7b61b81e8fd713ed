namespace LlmGateway.Routing.Catalog;

/// <summary>
/// Checks that the names in aliases and fallbacks are models: a rule that can match nothing is a mistake that nobody would notice.
/// </summary>
/// <param name="problems">Gets the faults.</param>
/// <param name="isOpen">Other names may come from a server whose models are read from it, and are warned of only.</param>
internal sealed class CatalogRules(CatalogProblems problems, bool isOpen)
{
    public void Check(CatalogDocument document)
    {
        var names = document.Entries.Select(entry => entry.Name?.Value).OfType<string>().ToHashSet();
        foreach (var alias in document.Aliases)
        {
            if (!names.Contains(alias.Target))
            {
                Unmatched(alias.Line, $"The alias {alias.Name} stands for {alias.Target}, which is no model_name.");
            }

            if (names.Contains(alias.Name))
            {
                problems.Error(alias.Line, $"{alias.Name} is both an alias and a model_name.");
            }
        }

        names.UnionWith(document.Aliases.Select(alias => alias.Name));
        CheckFallbacks(document.Router.Fallbacks, names);
    }

    private void CheckFallbacks(IReadOnlyList<CatalogFallback> fallbacks, HashSet<string> names)
    {
        var seen = new HashSet<(FallbackKind, string)>();
        foreach (var fallback in fallbacks)
        {
            var model = fallback.Model;
            if (!seen.Add((fallback.Kind, model.Value)))
            {
                problems.Error(model.Line, $"{fallback.Key} has {model.Value} twice.");
            }

            if (model.Value != FallbackReader.EveryModel && !names.Contains(model.Value))
            {
                Unmatched(model.Line, $"{fallback.Key} has {model.Value}, which is no model_name.");
            }

            foreach (var target in fallback.Targets)
            {
                if (target.Value == model.Value)
                {
                    problems.Error(target.Line, $"{fallback.Key} of {model.Value} has {model.Value} itself.");
                }
                else if (!names.Contains(target.Value))
                {
                    Unmatched(target.Line, $"{fallback.Key} of {model.Value} has {target.Value}, which is no model_name.");
                }
            }
        }
    }

    private void Unmatched(long line, string problem)
    {
        if (isOpen)
        {
            problems.Warning(line, problem);
        }
        else
        {
            problems.Error(line, problem);
        }
    }
}

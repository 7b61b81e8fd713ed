namespace LlmGateway.Gateway.Authentication;

/// <summary>The models that a key may ask for: patterns in which '*' stands for any characters, none included.</summary>
internal sealed class AllowedModels
{
    private readonly Pattern[] _patterns;

    private AllowedModels(Pattern[] patterns) => _patterns = patterns;

    /// <summary>Of a key without patterns.</summary>
    public static AllowedModels All { get; } = new([]);

    public bool AllowsAll => _patterns.Length == 0;

    public static AllowedModels From(IReadOnlyCollection<string> patterns) =>
        patterns.Count == 0 ? All : new([.. patterns.Select(pattern => new Pattern(pattern))]);

    /// <summary>Names are compared as the catalogue does: every letter counts, upper and lower case are different.</summary>
    public bool Allows(string model)
    {
        foreach (var pattern in _patterns)
        {
            if (pattern.Matches(model))
            {
                return true;
            }
        }

        return AllowsAll;
    }

    /// <remarks>
    /// The pieces between the stars are looked for from left to right, each at the first place after the one before. If any placing
    /// fits, this one does, because it leaves the most room for what follows; so nothing is ever tried twice. Regex would take patterns
    /// that nobody may write here, and FileSystemName.MatchesSimpleExpression gives '?' and '\' a meaning.
    /// </remarks>
    private sealed class Pattern(string text)
    {
        private readonly string[] _pieces = text.Split('*');

        public bool Matches(ReadOnlySpan<char> model)
        {
            if (_pieces is [var whole])
            {
                return model.SequenceEqual(whole);
            }

            var (head, tail) = (_pieces[0], _pieces[^1]);
            if (model.Length < head.Length + tail.Length || !model.StartsWith(head) || !model.EndsWith(tail))
            {
                return false;
            }

            var rest = model[head.Length..^tail.Length];
            foreach (var piece in _pieces.AsSpan(1, _pieces.Length - 2))
            {
                var at = rest.IndexOf(piece);
                if (at < 0)
                {
                    return false;
                }

                rest = rest[(at + piece.Length)..];
            }

            return true;
        }
    }
}

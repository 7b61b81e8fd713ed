namespace LlmGateway.FakeProvider;

internal enum BlockKind
{
    Thinking,
    RedactedThinking,
    Text,
    ToolCall,
}

/// <summary>A run of pieces of one kind.</summary>
/// <param name="Index">Its place among the blocks.</param>
/// <param name="Kind">What it holds.</param>
/// <param name="Pieces">What is generated of it, a token each.</param>
/// <param name="Complete">False when the request's maximum cut it.</param>
internal sealed record Block(int Index, BlockKind Kind, IReadOnlyList<string> Pieces, bool Complete = true)
{
    public ToolCall? Tool { get; init; }

    /// <summary>The call's place among the calls, from 0.</summary>
    public int ToolIndex { get; init; }

    public string Whole => string.Concat(Pieces);
}

/// <summary>A piece of a block; null for a block that has none.</summary>
internal sealed record Step(Block Block, string? Piece, bool Opens, bool Closes);

/// <summary>What a script comes to for one call: its blocks as far as the request's maximum lets them go, and why it stops.</summary>
internal sealed class Answer
{
    private Answer(IReadOnlyList<Block> blocks, Stop stop, bool calls)
    {
        Blocks = blocks;
        Stop = stop;
        CallsTools = calls;
    }

    /// <summary>Nothing is generated.</summary>
    public static Answer None { get; } = new([], Stop.Natural, calls: false);

    public IReadOnlyList<Block> Blocks { get; }

    public Stop Stop { get; }

    public bool CallsTools { get; }

    public int Tokens => Blocks.Sum(block => block.Pieces.Count);

    public string Text => Of(BlockKind.Text);

    public string Thinking => Of(BlockKind.Thinking);

    /// <summary>The order in which a stream sends its pieces: block after block, or the calls of tools beside each other.</summary>
    public IEnumerable<Step> Steps(bool interleaved)
    {
        foreach (var group in Blocks.GroupBy(block => interleaved && block.Kind == BlockKind.ToolCall ? -1 : block.Index))
        {
            for (var row = 0; group.Any(block => row == 0 || row < block.Pieces.Count); row++)
            {
                foreach (var block in group.Where(block => row == 0 || row < block.Pieces.Count))
                {
                    yield return new Step(block, block.Pieces.ElementAtOrDefault(row), Opens: row == 0, Closes: row >= block.Pieces.Count - 1);
                }
            }
        }
    }

    public IEnumerable<Block> Tools => Blocks.Where(block => block.Kind == BlockKind.ToolCall);

    public static Answer Of(Script script, ProviderCall call)
    {
        var left = call.MaxTokens ?? long.MaxValue;
        var cut = false;
        var blocks = new List<Block>();
        foreach (var block in All(script, call))
        {
            if (cut)
            {
                break;
            }

            cut = block.Pieces.Count > left;
            var taken = cut ? block with { Pieces = [.. block.Pieces.Take((int)left)], Complete = false } : block;
            left -= taken.Pieces.Count;
            if (taken.Complete || taken.Pieces.Count > 0)
            {
                blocks.Add(taken with { Index = blocks.Count });
            }
        }

        var stop = cut ? Stop.MaxTokens : script.Stop;
        return new Answer(blocks, stop, stop == Stop.Natural && script.ToolCalls.Count > 0);
    }

    private static IEnumerable<Block> All(Script script, ProviderCall call)
    {
        if (script.Thinking.Count > 0)
        {
            yield return new Block(0, BlockKind.Thinking, script.Thinking);
        }

        if (script.RedactedThinking is not null)
        {
            yield return new Block(0, BlockKind.RedactedThinking, []);
        }

        var text = Texts(script, call);
        if (text.Count > 0)
        {
            yield return new Block(0, BlockKind.Text, text);
        }

        for (var index = 0; index < script.ToolCalls.Count; index++)
        {
            var tool = script.ToolCalls[index];
            yield return new Block(0, BlockKind.ToolCall, Cut(tool)) { Tool = tool, ToolIndex = index };
        }
    }

    private static IReadOnlyList<string> Texts(Script script, ProviderCall call)
    {
        var pieces = script.Pieces ?? (script.ToolCalls.Count > 0 ? [] : [.. Enumerable.Range(0, script.Chunks).Select(index => $"word{index} ")]);
        return script.ContinuesPrefill && call.Prefill is { Length: > 0 } prefill && string.Concat(pieces).StartsWith(prefill, StringComparison.Ordinal)
            ? Rest(pieces, prefill.Length)
            : pieces;
    }

    private static List<string> Rest(IReadOnlyList<string> pieces, int skipped)
    {
        var rest = new List<string>();
        foreach (var piece in pieces)
        {
            if (skipped < piece.Length)
            {
                rest.Add(piece[skipped..]);
            }

            skipped = Math.Max(0, skipped - piece.Length);
        }

        return rest;
    }

    private static IReadOnlyList<string> Cut(ToolCall tool)
    {
        var size = Math.Max(1, (tool.Arguments.Length + tool.Pieces - 1) / Math.Max(1, tool.Pieces));
        return [.. tool.Arguments.Chunk(size).Select(part => new string(part))];
    }

    private string Of(BlockKind kind) => string.Concat(Blocks.Where(block => block.Kind == kind).Select(block => block.Whole));
}

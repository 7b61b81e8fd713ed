namespace LlmGateway.FakeProvider;

/// <summary>Which script a call gets.</summary>
internal abstract class Rule
{
    public abstract Script Next();

    /// <summary>In turn; the last one stays, or the first follows it.</summary>
    public sealed class InTurn(Script[] scripts, bool cycle) : Rule
    {
        private int _next = -1;

        public override Script Next()
        {
            var index = Interlocked.Increment(ref _next);
            return scripts[cycle ? index % scripts.Length : Math.Min(index, scripts.Length - 1)];
        }
    }

    /// <summary>Each for a span of time since the rule was made, over and over.</summary>
    public sealed class ByTime(TimeProvider time, (TimeSpan For, Script Script)[] spans) : Rule
    {
        private readonly long _start = time.GetTimestamp();

        public override Script Next()
        {
            var round = spans.Aggregate(TimeSpan.Zero, (sum, span) => sum + span.For);
            var place = TimeSpan.FromTicks(time.GetElapsedTime(_start).Ticks % round.Ticks);
            foreach (var (span, script) in spans)
            {
                if (place < span)
                {
                    return script;
                }

                place -= span;
            }

            return spans[^1].Script;
        }
    }
}

using System.Collections.Concurrent;

namespace LlmGateway.Gateway.Authentication;

/// <summary>A dictionary that anyone may fill and nobody can overfill. Reads take no lock.</summary>
/// <remarks>
/// MemoryCache would box each key, allocate on every read, and reads a clock of its own. Here there are two generations of half the
/// capacity each: writes go to the young one, a read that finds its entry in the old one moves it up, and a full young generation
/// becomes the old one, whose rest is forgotten at once. So nothing is ever sorted or searched to make room, and what is in use stays.
/// </remarks>
internal sealed class BoundedMap<TKey, TValue>(int capacity)
    where TKey : notnull
    where TValue : notnull
{
    private readonly Lock _writing = new();
    private Generations _generations = Generations.Empty;

    public int Count
    {
        get
        {
            lock (_writing)
            {
                return _generations.Young.Count + _generations.Old.Keys.Count(key => !_generations.Young.ContainsKey(key));
            }
        }
    }

    public bool TryGet(TKey key, out TValue value)
    {
        var generations = Volatile.Read(ref _generations);
        return generations.Young.TryGetValue(key, out value!) || (generations.Old.TryGetValue(key, out value!) && MoveUp(key, ref value));
    }

    public void Set(TKey key, TValue value)
    {
        lock (_writing)
        {
            Add(key, value);
        }
    }

    public void Remove(TKey key)
    {
        lock (_writing)
        {
            _generations.Young.TryRemove(key, out _);
            _generations.Old.TryRemove(key, out _);
        }
    }

    public void Clear()
    {
        lock (_writing)
        {
            Volatile.Write(ref _generations, Generations.Empty);
        }
    }

    /// <summary>Every value that is in the map when this begins. A value set meanwhile waits, and is set when this has ended.</summary>
    public void ForEach(Action<TValue> action)
    {
        lock (_writing)
        {
            foreach (var (_, value) in _generations.Old)
            {
                action(value);
            }

            foreach (var (_, value) in _generations.Young)
            {
                action(value);
            }
        }
    }

    // What was replaced or removed since the read stays replaced or removed.
    private bool MoveUp(TKey key, ref TValue value)
    {
        lock (_writing)
        {
            if (_generations.Young.TryGetValue(key, out var younger))
            {
                value = younger;
                return true;
            }

            if (!_generations.Old.TryGetValue(key, out var old))
            {
                return false;
            }

            value = old;
            Add(key, old);
            return true;
        }
    }

    private void Add(TKey key, TValue value)
    {
        // ConcurrentDictionary.Count takes all its locks, so the young generation is counted here.
        var generations = _generations;
        if (!generations.Young.ContainsKey(key) && ++generations.YoungCount > capacity / 2)
        {
            generations = new(new(), generations.Young) { YoungCount = 1 };
            Volatile.Write(ref _generations, generations);
        }

        generations.Young[key] = value;
    }

    private sealed class Generations(ConcurrentDictionary<TKey, TValue> young, ConcurrentDictionary<TKey, TValue> old)
    {
        public static Generations Empty => new(new(), new());

        public ConcurrentDictionary<TKey, TValue> Young => young;

        public ConcurrentDictionary<TKey, TValue> Old => old;

        /// <summary>Of all that were added; those removed since then count too.</summary>
        public int YoungCount { get; set; }
    }
}

using System.Collections.Concurrent;

namespace LlmGateway.Gateway.Authentication;

/// <summary>A dictionary that anyone may fill and nobody can overfill. Reads take no lock.</summary>
/// <remarks>
/// MemoryCache would box each key, allocate on every read, and reads a clock of its own. Here the values carry their times, and a full map
/// forgets its oldest quarter: what was forgotten is asked for again.
/// </remarks>
internal sealed class BoundedMap<TValue>(int capacity, Func<TValue, long> age)
    where TValue : notnull
{
    private readonly ConcurrentDictionary<SecretHash, TValue> _entries = new();
    private readonly Lock _trimming = new();
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public bool TryGet(SecretHash key, out TValue value) => _entries.TryGetValue(key, out value!);

    public void Set(SecretHash key, TValue value)
    {
        if (_entries.TryAdd(key, value))
        {
            if (Interlocked.Increment(ref _count) > capacity)
            {
                Trim();
            }
        }
        else
        {
            _entries[key] = value;
        }
    }

    public void Remove(SecretHash key)
    {
        if (_entries.TryRemove(key, out _))
        {
            Interlocked.Decrement(ref _count);
        }
    }

    private void Trim()
    {
        lock (_trimming)
        {
            var excess = Count - (capacity * 3 / 4);
            if (Count <= capacity)
            {
                return;
            }

            foreach (var (key, _) in _entries.ToArray().OrderBy(e => age(e.Value)).Take(excess))
            {
                Remove(key);
            }
        }
    }
}

using StackExchange.Redis;

namespace LlmGateway.Gateway.Limits;

/// <summary>Counts in Redis, for all gateways together: one script and one round trip a decision.</summary>
/// <param name="now">Unix milliseconds for tests; null is the clock of Redis itself, so that clocks of gateways may differ.</param>
internal sealed class RedisLimits(IConnectionMultiplexer redis, TimeSpan leaseTime, Func<long>? now = null)
{
    private const int AdmitFields = 4;
    private const int CorrectFields = 3;

    // A lease in one statement with so many others at most, so that a script never holds Redis up for long.
    private const int RenewedAtOnce = 200;

    private static readonly string Admit = Script("admit");
    private static readonly string CorrectScript = Script("correct");
    private static readonly string RenewScript = Script("renew");

    private RedisValue Now => now?.Invoke() ?? 0;

    public async Task<LimitVerdict> AdmitAsync(Charge[] charges, string lease)
    {
        var (keys, values) = (new RedisKey[charges.Length], new RedisValue[3 + (AdmitFields * charges.Length)]);
        (values[0], values[1], values[2]) = (Now, lease, (long)leaseTime.TotalMilliseconds);
        for (var index = 0; index < charges.Length; index++)
        {
            var (rule, amount, least) = charges[index];
            var at = 3 + (AdmitFields * index);
            keys[index] = rule.StoreKey;
            (values[at], values[at + 1], values[at + 2], values[at + 3]) = (rule.WindowMs, rule.Limit, amount, least);
        }

        return Read((long[])await EvaluateAsync(Admit, keys, values), charges.Length);
    }

    public Task CorrectAsync(ReadOnlySpan<Correction> corrections, string lease)
    {
        var (keys, values) = (new RedisKey[corrections.Length], new RedisValue[2 + (CorrectFields * corrections.Length)]);
        (values[0], values[1]) = (Now, lease);
        for (var index = 0; index < corrections.Length; index++)
        {
            var (rule, slot, delta) = corrections[index];
            var at = 2 + (CorrectFields * index);
            keys[index] = rule.StoreKey;
            (values[at], values[at + 1], values[at + 2]) = (rule.WindowMs, slot, delta);
        }

        return EvaluateAsync(CorrectScript, keys, values);
    }

    /// <summary>All are sent when this returns, so that what ends a lease afterwards comes after it.</summary>
    public Task RenewAsync(IEnumerable<Lease> leases) => Task.WhenAll(
        leases.SelectMany(lease => lease.Rules, (lease, rule) => (lease.Id, rule.StoreKey)).Chunk(RenewedAtOnce).Select(chunk => EvaluateAsync(
            RenewScript,
            [.. chunk.Select(pair => (RedisKey)pair.StoreKey)],
            [Now, (long)leaseTime.TotalMilliseconds, .. chunk.Select(pair => (RedisValue)pair.Id)])).ToList());

    private static LimitVerdict Read(long[] answer, int count)
    {
        var states = new LimitState[count];
        for (var index = 0; index < count; index++)
        {
            var at = 2 + (AdmitFields * index);
            states[index] = new(answer[at], answer[at + 1], answer[at + 2], answer[at + 3]);
        }

        return new((int)answer[0] - 1, answer[1], states) { InRedis = true };
    }

    private async Task<RedisResult> EvaluateAsync(string script, RedisKey[] keys, RedisValue[] values)
    {
        var database = redis.GetDatabase();
        try
        {
            return await database.ScriptEvaluateAsync(script, keys, values);
        }
        catch (RedisServerException exception) when (exception.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            // Redis has been started again. The client has noted that by now, and sends the script's text with the next one.
            return await database.ScriptEvaluateAsync(script, keys, values);
        }
    }

    private static string Script(string name) => Text("window") + Text(name);

    private static string Text(string name)
    {
        using var stream = typeof(RedisLimits).Assembly.GetManifestResourceStream($"LlmGateway.Gateway.Limits.{name}.lua")
            ?? throw new InvalidOperationException($"The script {name}.lua is not part of the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}

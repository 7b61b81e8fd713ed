using System.Security.Cryptography;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Keys.Accounts;
using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Data;
using LlmGateway.Keys.Limits;
using LlmGateway.Keys.Tariffs;

namespace LlmGateway.Keys.Tests.Backup;

/// <summary>Accounts, tariffs and keys of every kind that a database may have, made from one number.</summary>
internal sealed class GeneratedRows(int seed)
{
    public static readonly Arbitrary<int> Seeds = Gen.Choose(0, int.MaxValue - 1).ToArbitrary();

    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly string[] Texts = ["", "a", "Ünïcödé 通义 🗝", "\"quoted\" \\ back", "<b>&amp;</b>", "sk-not-a-key", "a  b"];
    private readonly Random _random = new(seed);

    public void AddTo(KeysDbContext db, int keys)
    {
        var tariffs = Enumerable.Range(0, _random.Next(4)).Select(Tariff).ToList();
        var accounts = Enumerable.Range(0, 1 + _random.Next(5)).Select(index => Account(index, tariffs)).ToList();
        db.Tariffs.AddRange(tariffs);
        db.Accounts.AddRange(accounts);
        for (var index = 0; index < keys; index++)
        {
            db.ApiKeys.Add(Key(index, accounts, tariffs));
        }
    }

    private Tariff Tariff(int index) => new()
    {
        Id = (index % 2 == 0 ? "T-" : "t_") + index,
        Description = Text(),
        CreatedAt = Time(),
        Versions = [.. Enumerable.Range(0, 1 + _random.Next(4)).Select(version => new TariffVersion
        {
            EffectiveFrom = Start.AddDays(version).AddMicroseconds(_random.Next(1_000_000)),
            Limits = Limits(),
            CreatedAt = Time(),
        })],
    };

    private Account Account(int index, List<Tariff> tariffs) => new()
    {
        Id = (index % 2 == 0 ? "A:" : "a@") + index,
        Description = Text(),
        TariffId = TariffOf(tariffs),
        Labels = Labels(),
        CreatedAt = Time(),
        RevokedAt = Maybe(Time()),
    };

    private ApiKey Key(int index, List<Account> accounts, List<Tariff> tariffs)
    {
        // One key for the tokens of an account is all that there may be.
        var isToken = index < accounts.Count && _random.Next(4) == 0;
        var role = isToken ? KeyRole.Account : (KeyRole)_random.Next(4);
        return new ApiKey
        {
            Id = Guid.CreateVersion7(Start.AddSeconds(_random.Next(1_000_000))),
            AccountId = accounts[isToken ? index : _random.Next(accounts.Count)].Id,
            Name = "n" + Text(),
            Description = Text(),
            Role = role,
            Source = isToken ? KeySource.Token : role == KeyRole.Internal ? KeySource.Configured : (KeySource)_random.Next(4),
            TariffId = TariffOf(tariffs),
            Limits = Limits(),
            AllowedModels = [.. Enumerable.Range(0, _random.Next(3)).Select(pattern => $"gpt-{pattern}*")],
            Labels = Labels(),
            CreatedAt = Time(),
            LastUsedAt = Maybe(Time()),
            ExpiresAt = Maybe(Time()),
            RevokedAt = Maybe(Time()),
            Secrets = [.. Enumerable.Range(0, isToken ? 0 : 1 + _random.Next(3)).Select(secret => new ApiKeySecret
            {
                Hash = SHA256.HashData(Encoding.ASCII.GetBytes($"{seed} {index} {secret}")),
                Masked = "sk-llmgw...",
                CreatedAt = Time(),
                ExpiresAt = secret == 0 ? null : Time(),
            })],
        };
    }

    private KeyLimits Limits() => new()
    {
        TotalTokens = Limit(KeyLimits.MaxTokens),
        DailyTokens = Limit(KeyLimits.MaxTokens),
        MonthlyTokens = Limit(KeyLimits.MaxTokens),
        TotalNanoUsd = Limit(KeyLimits.MaxNanoUsd),
        DailyNanoUsd = Limit(KeyLimits.MaxNanoUsd),
        MonthlyNanoUsd = Limit(KeyLimits.MaxNanoUsd),
        RequestsPerMinute = Limit(KeyLimits.MaxCount),
        RequestsPerHour = Limit(KeyLimits.MaxCount),
        TokensPerMinute = Limit(KeyLimits.MaxTokens),
        Parallel = Limit(KeyLimits.MaxCount),
    };

    private long? Limit(long most) => _random.Next(4) switch
    {
        0 => 0,
        1 => most,
        2 => _random.NextInt64(most),
        _ => null,
    };

    private Dictionary<string, string> Labels() => Enumerable.Range(0, _random.Next(4)).ToDictionary(label => new string('z', 4 - label) + label, _ => Text());

    private DateTimeOffset Time() => Start.AddMicroseconds(_random.NextInt64(400L * 86_400 * 1_000_000));

    private DateTimeOffset? Maybe(DateTimeOffset time) => _random.Next(2) == 0 ? null : time;

    private string? TariffOf(List<Tariff> tariffs) => tariffs.Count == 0 || _random.Next(2) == 0 ? null : tariffs[_random.Next(tariffs.Count)].Id;

    private string Text() => Texts[_random.Next(Texts.Length)];
}

using System.Diagnostics;
using System.Globalization;
using Grpc.Net.Client;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Testing;
using Npgsql;

namespace LlmGateway.Routing.Tests.Running;

/// <summary>The real Billing.Service as a process of its own, on a database of its own: it can be killed and started again.</summary>
public sealed class BillingProcess : IAsyncDisposable
{
    // The test host is killed at its end, and ProcessExit does not come then.
    private const string EndsWithTheTests = "while kill -0 $0 && kill -0 $1; do sleep 1; done 2> /dev/null; kill -9 $1 2> /dev/null";

    private static readonly Lazy<Task<BillingProcess>> Shared = new(() => StartAsync());

    private readonly string _database;
    private readonly int _http = FreePort.Next();
    private readonly int _grpc = FreePort.Next();
    private readonly GrpcChannel _channel;
    private readonly List<string> _output = [];
    private Process? _process;

    private readonly (string Name, string Value)[] _settings;

    private BillingProcess(string database, (string Name, string Value)[] settings)
    {
        _database = database;
        _settings = settings;
        _channel = GrpcChannel.ForAddress(Address);
        Client = new BillingApi.BillingApiClient(_channel);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Kill();
    }

    public string Address => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_grpc}");

    public BillingApi.BillingApiClient Client { get; }

    public UsageApi.UsageApiClient Usage => new(_channel);

    public PricesApi.PricesApiClient Prices => new(_channel);

    public LedgerApi.LedgerApiClient Ledger => new(_channel);

    /// <summary>One for all tests that neither kill it nor dispose of it: it ends with the test process.</summary>
    public static Task<BillingProcess> SharedAsync() => Shared.Value;

    public static async Task<BillingProcess> StartAsync(params (string Name, string Value)[] settings)
    {
        var billing = new BillingProcess(await new PostgresFixture().CreateDatabaseAsync("billing", MigrateAsync), settings);
        await billing.RestartAsync();
        return billing;
    }

    private static async Task MigrateAsync(string database)
    {
        await using var billing = new BillingProcess(database, []);
        await billing.RestartAsync();
        await billing.KillAsync();
    }

    /// <param name="changed">Settings that are others than before, for this run.</param>
    public async Task RestartAsync(params (string Name, string Value)[] changed)
    {
        var url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_http}");
        var start = new ProcessStartInfo("dotnet", ServiceBinary("Billing.Service"))
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["ConnectionStrings__billingdb"] = _database,
                ["Kestrel__Endpoints__http__Url"] = url,
                ["Kestrel__Endpoints__grpc__Url"] = Address,
                ["ENVIRONMENT"] = "development",

                // A process that lives for seconds: what it would save by it later is spent at its start.
                ["DOTNET_TieredPGO"] = "0",
            },
        };
        foreach (var (name, value) in _settings.Concat(changed))
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        Process.Start("bash", ["-c", EndsWithTheTests, Environment.ProcessId.ToString(CultureInfo.InvariantCulture), _process.Id.ToString(CultureInfo.InvariantCulture)]).Dispose();
        _process.OutputDataReceived += (_, line) => Note(line.Data);
        _process.ErrorDataReceived += (_, line) => Note(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();

        using var http = new HttpClient();
        await Wait.UntilAsync(async () => await IsReadyAsync(http, url), TimeSpan.FromSeconds(90), () => string.Join('\n', Output()));
    }

    public bool IsAlive => _process is { HasExited: false };

    /// <summary>As kill -9 does.</summary>
    public async Task KillAsync()
    {
        Kill();
        await _process!.WaitForExitAsync();
    }

    public async Task<(long Balance, long Held)> BalanceAsync(string account)
    {
        var reply = await Client.GetBalanceAsync(new GetBalanceRequest { AccountId = account });
        return (reply.BalanceNanoUsd, reply.HeldNanoUsd);
    }

    /// <summary>What the account was charged, oldest first.</summary>
    public async Task<IReadOnlyList<Transaction>> ChargesAsync(string account)
    {
        var reply = await Client.ListTransactionsAsync(new ListTransactionsRequest { AccountId = account, Limit = 100 });
        return [.. reply.Transactions.Where(transaction => transaction.Kind == "charge").Reverse()];
    }

    /// <summary>What the call cost its customer and us; null without a charge.</summary>
    public async Task<(long Cost, long ProviderCost)?> ChargeAsync(string requestId)
    {
        await using var database = NpgsqlDataSource.Create(_database);
        await using var command = database.CreateCommand("select cost, provider_cost from billing.charges where request_id = $1");
        command.Parameters.AddWithValue(requestId);
        await using var reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync() ? (reader.GetInt64(0), reader.GetInt64(1)) : null;
    }

    /// <summary>When the hold ends unless it is renewed; null without an open one.</summary>
    public async Task<DateTime?> ExpiryAsync(string requestId)
    {
        await using var database = NpgsqlDataSource.Create(_database);
        await using var command = database.CreateCommand("select expires_at from billing.holds where request_id = $1 and state = 'open'");
        command.Parameters.AddWithValue(requestId);
        return (DateTime?)await command.ExecuteScalarAsync();
    }

    /// <summary>Opens the account, if need be, and lets it owe so many nano-dollars.</summary>
    public async Task OverdrawAsync(string account, long overdraft)
    {
        await BalanceAsync(account);
        await using var database = NpgsqlDataSource.Create(_database);
        await using var command = database.CreateCommand("update billing.accounts set overdraft = $2 where id = $1");
        command.Parameters.AddWithValue(account);
        command.Parameters.AddWithValue(overdraft);
        (await command.ExecuteNonQueryAsync()).ShouldBe(1);
    }

    /// <summary>As a crash of the database may: the commit that made the hold was not on disk yet.</summary>
    public async Task LoseHoldAsync(string requestId)
    {
        await using var database = NpgsqlDataSource.Create(_database);
        await using var command = database.CreateCommand(
            """
            with lost as (delete from billing.holds where request_id = $1 and state = 'open' returning account_id, amount)
            update billing.accounts a set held = a.held - lost.amount from lost where a.id = lost.account_id
            """);
        command.Parameters.AddWithValue(requestId);
        (await command.ExecuteNonQueryAsync()).ShouldBe(1);
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        if (_process is not null)
        {
            await KillAsync();
        }
    }

    private void Kill()
    {
        if (IsAlive)
        {
            _process!.Kill();
        }
    }

    internal static string ServiceBinary(string project) => Path.Combine(
        RepositoryRoot.Path, "artifacts", "bin", project, new DirectoryInfo(AppContext.BaseDirectory).Name, project + ".dll");

    private async Task<bool> IsReadyAsync(HttpClient http, string url)
    {
        if (_process!.HasExited)
        {
            throw new InvalidOperationException("Billing.Service ended: " + string.Join('\n', Output()));
        }

        try
        {
            return (await http.GetAsync(url + "/ready")).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private void Note(string? line)
    {
        lock (_output)
        {
            _output.Add(line ?? "");
        }
    }

    private List<string> Output()
    {
        lock (_output)
        {
            return [.. _output];
        }
    }
}

/// <summary>A Billing for a class of tests that kill it, one after the other; each finds it alive.</summary>
public sealed class MortalBilling : IAsyncLifetime
{
    private BillingProcess? _process;

    public async Task<BillingProcess> AliveAsync()
    {
        if (!_process!.IsAlive)
        {
            await _process.RestartAsync();
        }

        return _process;
    }

    public async Task InitializeAsync() => _process = await BillingProcess.StartAsync();

    public async Task DisposeAsync() => await (_process?.DisposeAsync() ?? default);
}

/// <summary>Polling, for state that gives no signal.</summary>
internal static class Wait
{
    public static async Task UntilAsync(Func<Task<bool>> condition, TimeSpan? limit = null, Func<string>? details = null)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > (limit ?? TimeSpan.FromSeconds(30)))
            {
                throw new TimeoutException("What was waited for did not happen. " + details?.Invoke());
            }

            await Task.Delay(25);
        }
    }
}

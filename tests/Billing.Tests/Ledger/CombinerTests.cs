using System.Collections.Concurrent;
using LlmGateway.Billing.Ledger;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace LlmGateway.Billing.Tests.Ledger;

/// <summary>Who shares a statement with whom. The statement here doubles a number, when the test lets it.</summary>
public sealed class CombinerTests : IAsyncDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().AddSingleton<BillingMetrics>().BuildServiceProvider();
    private readonly DatabaseWatch _watch = new(NpgsqlDataSource.Create("Host=nowhere.invalid"), NullLogger<DatabaseWatch>.Instance);
    private readonly BlockingCollection<Statement> _statements = [];
    private readonly ConcurrentQueue<int[]> _sent = new();

    public async ValueTask DisposeAsync()
    {
        _watch.Dispose();
        await _services.DisposeAsync();
        _statements.Dispose();
    }

    [Fact]
    public async Task A_lone_line_goes_at_once_and_those_that_come_meanwhile_share_the_next_statement()
    {
        await using var combiner = Create(new(Lines: 64, Statements: 1, WaitingLines: 64));

        var first = combiner.ExecuteAsync(1, default);
        var running = Next();
        var others = Enumerable.Range(2, 5).Select(line => combiner.ExecuteAsync(line, default)).ToArray();
        running.Finish();
        Next().Finish();

        (await first).ShouldBe(2);
        (await Task.WhenAll(others)).ShouldBe([4, 6, 8, 10, 12]);
        _sent.ShouldBe([[1], [2, 3, 4, 5, 6]]);
    }

    [Fact]
    public async Task A_statement_has_so_many_lines_at_most_and_so_many_statements_run_at_a_time()
    {
        await using var combiner = Create(new(Lines: 3, Statements: 2, WaitingLines: 64));

        var calls = new List<Task<int>> { combiner.ExecuteAsync(1, default) };
        var one = Next();
        calls.Add(combiner.ExecuteAsync(2, default));
        var other = Next();
        calls.AddRange(Enumerable.Range(3, 7).Select(line => combiner.ExecuteAsync(line, default)));
        _statements.TryTake(out _, TimeSpan.FromMilliseconds(100)).ShouldBeFalse("a third statement runs");
        one.Finish();
        other.Finish();
        for (var rest = 0; rest < 3; rest++)
        {
            Next().Finish();
        }

        await Task.WhenAll(calls);
        _sent.Skip(2).Select(lines => lines.Length).Order().ShouldBe([1, 3, 3]);
    }

    [Fact]
    public async Task A_slow_statement_is_passed_by_the_next_one()
    {
        await using var combiner = Create(new(Lines: 64, Statements: 2, WaitingLines: 64));
        var slow = combiner.ExecuteAsync(1, default);
        var running = Next();

        var others = new[] { combiner.ExecuteAsync(2, default), combiner.ExecuteAsync(3, default) };
        Next().Finish();

        (await Task.WhenAll(others)).ShouldBe([4, 6]);
        slow.IsCompleted.ShouldBeFalse();
        running.Finish();
        (await slow).ShouldBe(2);
    }

    [Fact]
    public async Task A_full_queue_refuses_at_once_and_keeps_what_it_has()
    {
        await using var combiner = Create(new(Lines: 64, Statements: 1, WaitingLines: 2));
        var first = combiner.ExecuteAsync(1, default);
        var running = Next();

        // The dispatcher may have taken none, and holds none: the queue is the whole waiting room.
        var waiting = new[] { combiner.ExecuteAsync(2, default), combiner.ExecuteAsync(3, default) };
        var refused = combiner.ExecuteAsync(4, default);
        refused.IsFaulted.ShouldBeTrue();
        refused.Exception!.InnerException.ShouldBeOfType<TimeoutException>();

        running.Finish();
        Next().Finish();
        (await Task.WhenAll([first, .. waiting])).ShouldBe([2, 4, 6]);
    }

    [Fact]
    public async Task A_caller_that_goes_takes_its_line_along_unless_it_was_sent_and_nobody_elses()
    {
        await using var combiner = Create(new(Lines: 64, Statements: 1, WaitingLines: 64));
        using var leaving = new CancellationTokenSource();
        var sent = combiner.ExecuteAsync(1, leaving.Token);
        var running = Next();
        var waiting = new[] { combiner.ExecuteAsync(2, leaving.Token), combiner.ExecuteAsync(3, default) };

        await leaving.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => sent);
        await Should.ThrowAsync<OperationCanceledException>(() => waiting[0]);
        running.Finish();
        Next().Finish();

        (await waiting[1]).ShouldBe(6);
        _sent.ShouldBe([[1], [3]]);
        await Should.ThrowAsync<OperationCanceledException>(() => combiner.ExecuteAsync(4, leaving.Token));
    }

    [Fact]
    public async Task A_bad_line_fails_alone()
    {
        await using var combiner = Create(new(Lines: 64, Statements: 1, WaitingLines: 64));
        var first = combiner.ExecuteAsync(1, default);
        var running = Next();
        var calls = Enumerable.Range(2, 7).Select(line => combiner.ExecuteAsync(line == 5 ? -5 : line, default)).ToArray();
        _statements.CompleteAdding();
        running.Finish();

        (await first).ShouldBe(2);
        await Should.ThrowAsync<InvalidOperationException>(() => calls[3]);
        (await Task.WhenAll(calls.Where((_, index) => index != 3))).ShouldBe([4, 6, 8, 12, 14, 16]);
    }

    [Fact]
    public async Task A_statement_that_finds_no_database_fails_its_own_lines_and_is_not_repeated()
    {
        await using var combiner = Create(new(Lines: 64, Statements: 1, WaitingLines: 64));
        var failing = new[] { combiner.ExecuteAsync(1, default) };
        var running = Next();
        failing = [.. failing, combiner.ExecuteAsync(2, default), combiner.ExecuteAsync(3, default)];
        running.Finish(new IOException("gone"));
        Next().Finish(new IOException("gone"));
        foreach (var call in failing)
        {
            await Should.ThrowAsync<IOException>(() => call);
        }

        var next = combiner.ExecuteAsync(4, default);
        Next().Finish();

        (await next).ShouldBe(8);
        _sent.ShouldBe([[1], [2, 3], [4]]);
    }

    [Fact]
    public async Task The_end_waits_for_all_that_was_taken()
    {
        var combiner = Create(new(Lines: 2, Statements: 2, WaitingLines: 64));
        var calls = new List<Task<int>> { combiner.ExecuteAsync(1, default) };
        var running = Next();
        calls.AddRange(Enumerable.Range(2, 6).Select(line => combiner.ExecuteAsync(line, default)));

        var ended = combiner.DisposeAsync().AsTask();
        ended.IsCompleted.ShouldBeFalse();
        _statements.CompleteAdding();
        foreach (var statement in _statements)
        {
            statement.Finish();
        }

        running.Finish();
        await ended;
        calls.ShouldAllBe(call => call.IsCompletedSuccessfully);
        await Should.ThrowAsync<TimeoutException>(() => combiner.ExecuteAsync(9, default));
    }

    private Combiner<int, int> Create(CombinerSettings settings) => new(
        StatementKind.Hold, settings, _watch, _services.GetRequiredService<BillingMetrics>(),
        async lines =>
        {
            _sent.Enqueue([.. lines]);
            if (!_statements.IsAddingCompleted)
            {
                var statement = new Statement();
                _statements.Add(statement, CancellationToken.None);
                await statement.Finished;
            }

            return lines.Any(line => line < 0) ? throw new InvalidOperationException("A bad line.") : [.. lines.Select(line => line * 2)];
        });

    private Statement Next() =>
        _statements.TryTake(out var statement, TimeSpan.FromSeconds(10)) ? statement : throw new TimeoutException("No statement was sent.");

    private sealed class Statement
    {
        private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Finished => _finished.Task;

        public void Finish() => _finished.SetResult();

        public void Finish(Exception failure) => _finished.SetException(failure);
    }
}

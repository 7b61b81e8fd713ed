using LlmGateway.ServiceDefaults.Logging;
using LlmGateway.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LlmGateway.ServiceDefaults.Tests.Logging;

public sealed class LogLevelsTests
{
    [Fact]
    public void A_level_that_is_changed_counts_at_once_for_loggers_that_exist_and_above_every_setting()
    {
        using var services = Services(("Logging:LogLevel:Default", "Error"));
        var loggers = services.GetRequiredService<ILoggerFactory>();
        var logger = loggers.CreateLogger("LlmGateway.Gateway.Calls");
        var framework = loggers.CreateLogger("Microsoft.AspNetCore.Routing");
        logger.IsEnabled(LogLevel.Warning).ShouldBeFalse();

        var levels = services.GetRequiredService<LogLevels>();
        levels.Change(LogLevels.DefaultCategory, LogLevel.Debug).ShouldBeTrue();
        logger.IsEnabled(LogLevel.Debug).ShouldBeTrue();

        levels.Change("LlmGateway.Gateway", LogLevel.Warning).ShouldBeTrue();
        logger.IsEnabled(LogLevel.Information).ShouldBeFalse();
        LogLevels.Current(services.GetRequiredService<IConfiguration>())["LlmGateway.Gateway"].ShouldBe("WARNING");

        levels.Change("Microsoft.AspNetCore", LogLevel.Trace).ShouldBeTrue();
        framework.IsEnabled(LogLevel.Information).ShouldBeFalse("those lines quote requests");
    }

    [Fact]
    public void There_is_room_for_so_many_categories_only()
    {
        var levels = new LogLevels();

        Enumerable.Range(0, 101).Count(i => levels.Change($"c{i}", LogLevel.Debug)).ShouldBe(100);
        levels.Change("c1", LogLevel.Error).ShouldBeTrue("it is there already");
    }

    [Theory]
    [InlineData("LlmGateway.Gateway", true)]
    [InlineData("A.B`1+C", false)]
    [InlineData("*", false)]
    [InlineData("a:b", false)]
    [InlineData("", false)]
    public void A_category_is_the_beginning_of_a_name(string category, bool valid) => LogLevels.IsCategory(category).ShouldBe(valid);

    [Theory]
    [InlineData("debug", LogLevel.Debug)]
    [InlineData("WARNING", LogLevel.Warning)]
    [InlineData("Info", LogLevel.Information)]
    [InlineData("loud", null)]
    [InlineData("2", null)]
    public void Levels_have_the_names_that_LOG_LEVEL_takes(string name, LogLevel? level) => LevelNames.Parse(name).ShouldBe(level);

    [Fact]
    public void So_many_lines_a_second_are_written_and_the_next_one_says_how_many_were_not()
    {
        var time = new FakeTime();
        var budget = new LineBudget(time, perSecond: 2);

        Enumerable.Range(0, 5).Count(_ => budget.TryTake(out var none) && none == 0).ShouldBe(2);
        time.Advance(TimeSpan.FromSeconds(1));
        budget.TryTake(out var withheld).ShouldBeTrue();
        withheld.ShouldBe(3);
        budget.TryTake(out withheld).ShouldBeTrue();
        withheld.ShouldBe(0);
    }

    private static ServiceProvider Services(params (string, string)[] settings)
    {
        var builder = TestHost.Builder(settings: settings);
        builder.Logging.AddProvider(new Everything());
        return builder.Services.BuildServiceProvider();
    }

    private sealed class Everything : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
        }

        public void Dispose()
        {
        }
    }
}

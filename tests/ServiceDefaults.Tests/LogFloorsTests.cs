using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LlmGateway.ServiceDefaults.Tests;

public sealed class LogFloorsTests
{
    [Theory]
    [InlineData("Logging:LogLevel:Default", "Trace")]
    [InlineData("Logging:LogLevel:Microsoft.AspNetCore", "Trace")]
    [InlineData("Logging:LogLevel:Microsoft.AspNetCore.Routing.Matching.DfaMatcher", "Debug")]
    [InlineData("Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics", "Information")]
    [InlineData("Logging:LogLevel:System.Net.Http.HttpClient", "Trace")]
    [InlineData("Logging:LogLevel:*.Routing.Matching.DfaMatcher", "Debug")]
    [InlineData("Logging:LogLevel:Micro*.Diagnostics", "Trace")]
    [InlineData("Logging:Lines:LogLevel:Default", "Trace")]
    [InlineData("Logging:Lines:LogLevel:Microsoft.*", "Debug")]
    [InlineData("Logging:Lines:LogLevel:System.*", "Debug")]
    [InlineData("Logging:Lines:LogLevel:*", "Trace")]
    [InlineData("Logging:Lines:LogLevel:*LogicalHandler", "Trace")]
    [InlineData("Logging:Lines:LogLevel:Microsoft.AspNetCore.Routing", "Trace")]
    public void No_setting_turns_on_lines_that_quote_a_request(string setting, string level)
    {
        using var services = Services(setting, level);
        var loggers = services.GetRequiredService<ILoggerFactory>();

        loggers.CreateLogger("Microsoft.AspNetCore.Routing.Matching.DfaMatcher").IsEnabled(LogLevel.Information).ShouldBeFalse();
        loggers.CreateLogger("Microsoft.AspNetCore.Server.Kestrel.BadRequests").IsEnabled(LogLevel.Information).ShouldBeFalse();
        loggers.CreateLogger("Microsoft.AspNetCore.Hosting.Diagnostics").IsEnabled(LogLevel.Critical).ShouldBeFalse("it has a scope with the path");
        loggers.CreateLogger("System.Net.Http.HttpClient.Default.LogicalHandler").IsEnabled(LogLevel.Information).ShouldBeFalse();
        loggers.CreateLogger("Microsoft.AspNetCore.Server.Kestrel").IsEnabled(LogLevel.Warning).ShouldBeTrue();
    }

    [Fact]
    public void Lines_of_our_own_and_stricter_settings_are_as_the_operator_wants_them()
    {
        using var debug = Services("Logging:LogLevel:Default", "Debug");
        debug.GetRequiredService<ILoggerFactory>().CreateLogger("LlmGateway.Routing").IsEnabled(LogLevel.Debug).ShouldBeTrue();

        using var strict = Services("Logging:LogLevel:Microsoft.AspNetCore", "Error");
        strict.GetRequiredService<ILoggerFactory>().CreateLogger("Microsoft.AspNetCore.Routing").IsEnabled(LogLevel.Warning).ShouldBeFalse();
    }

    private static ServiceProvider Services(string setting, string level)
    {
        var builder = TestHost.Builder(settings: (setting, level));
        builder.Logging.AddProvider(new Lines());
        return builder.Services.BuildServiceProvider();
    }

    /// <summary>Takes everything that the filter lets through.</summary>
    [ProviderAlias("Lines")]
    private sealed class Lines : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => new All();

        public void Dispose()
        {
        }

        private sealed class All : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            {
            }
        }
    }
}

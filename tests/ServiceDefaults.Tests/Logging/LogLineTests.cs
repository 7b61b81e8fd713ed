using System.Buffers;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using LlmGateway.ServiceDefaults.Logging;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace LlmGateway.ServiceDefaults.Tests.Logging;

public sealed class LogLineTests
{
    private static readonly JsonLine Line = new("gateway", new At());

    [Fact]
    public void A_record_s_fields_are_in_the_order_that_is_documented_and_in_snake_case()
    {
        using var span = new Activity("call").SetIdFormat(ActivityIdFormat.W3C).Start();

        var line = Json(
            LogLevel.Information, "LLM call successful",
            ("PromptTokens", 12), ("Stream", true), ("requestId", "req_1"), ("durationMs", 1.5), ("AccountId", "acme"), ("model", "gpt-4"), ("CostUsd", 0.000123456m));

        line.ShouldBe(
            """{"timestamp":"2026-11-22T01:02:03.004Z","level":"INFO","message":"LLM call successful","model":"gpt-4","user_id":"acme","duration_ms":1.5,"""
            + $"\"request_id\":\"req_1\",\"trace_id\":\"{span.TraceId.ToHexString()}\","
            + "\"service\":\"gateway\",\"category\":\"Calls\",\"prompt_tokens\":12,\"stream\":true,\"cost_usd\":0.000123456}");
    }

    [Fact]
    public void What_a_record_does_not_have_is_not_there_and_its_own_names_do_not_stand_twice()
    {
        Activity.Current = null;

        Json(LogLevel.Warning, "m", ("Message", "other"), ("Level", 3), ("Model", null), ("Reason", "r"))
            .ShouldBe("""{"timestamp":"2026-11-22T01:02:03.004Z","level":"WARNING","message":"m","service":"gateway","category":"Calls","reason":"r"}""");
    }

    [Fact]
    public void Of_scopes_the_innermost_counts_and_the_record_before_them()
    {
        var scopes = new LoggerExternalScopeProvider();
        using var outer = scopes.Push(new Dictionary<string, object?> { ["Route"] = "outer", ["Reason"] = "outer" });
        using var inner = scopes.Push(new Dictionary<string, object?> { ["Route"] = "inner" });
        using var text = scopes.Push("only text");

        var line = JsonDocument.Parse(Json(LogLevel.Error, "m", scopes, ("Reason", "own"))).RootElement;

        line.GetProperty("route").GetString().ShouldBe("inner");
        line.GetProperty("reason").GetString().ShouldBe("own");
    }

    [Fact]
    public void Whatever_is_in_a_record_it_is_one_line_of_valid_json_with_no_name_twice() => Check.QuickThrowOnFailure(
        Prop.ForAll<string, string, string>((message, name, value) =>
        {
            var line = Json(LogLevel.Debug, message, (name ?? "", value), ("Failure", $"{value}\n at\r\n{value}\u2028"));
            line.ShouldNotContain('\n');
            line.ShouldNotContain('\r');
            using var parsed = JsonDocument.Parse(line, new() { AllowDuplicateProperties = false });
            parsed.RootElement.GetProperty("message").GetString().ShouldBe(Valid(message));
        }));

    [Fact]
    public void In_development_a_line_is_a_sentence_with_the_values_that_are_not_in_it_and_nothing_that_a_terminal_obeys()
    {
        var options = new Monitor();
        var output = new StringWriter();
        new ReadableConsole(new At(), options).Write(
            Entry(LogLevel.Error, "Billing says\u001b[2J no\nmore", ("{OriginalFormat}", "Billing says {What}"), ("What", "no"), ("Model", "gpt-4")), null, output);

        output.ToString().ShouldBe("01:02:03.004 ERROR   Calls: Billing says [2J no more model=gpt-4\n");
    }

    // What JSON can hold: a half of a surrogate pair is replaced.
    private static string Valid(string? text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text ?? ""));

    private static string Json(LogLevel level, string message, params (string, object?)[] fields) => Json(level, message, null, fields);

    private static string Json(LogLevel level, string message, IExternalScopeProvider? scopes, params (string, object?)[] fields)
    {
        var output = new ArrayBufferWriter<byte>();
        Line.Write(output, Entry(level, message, fields), scopes);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private static LogEntry<IReadOnlyList<KeyValuePair<string, object?>>> Entry(LogLevel level, string message, params (string Name, object? Value)[] fields) =>
        new(level, "Calls", default, [.. fields.Select(field => KeyValuePair.Create(field.Name, field.Value))], null, (_, _) => message ?? "");

    private sealed class At : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2026, 11, 22, 1, 2, 3, 4, TimeSpan.Zero);
    }

    private sealed class Monitor : IOptionsMonitor<ConsoleFormatterOptions>
    {
        public ConsoleFormatterOptions CurrentValue { get; } = new();

        public ConsoleFormatterOptions Get(string? name) => CurrentValue;

        public IDisposable? OnChange(Action<ConsoleFormatterOptions, string?> listener) => null;
    }
}

using System.Globalization;

namespace LlmGateway.FakeProvider;

public sealed partial record Script
{
    /// <summary>A fault in the vendor's own words, with its status.</summary>
    /// <param name="fault">What goes wrong.</param>
    /// <param name="retryAfter">The header, or Gemini's RetryInfo in seconds.</param>
    public static Script Fails(Fault fault, string? retryAfter = null) => new() { Failing = fault, RetryAfter = retryAfter };

    /// <summary>An error in the vendor's shape with the test's own words. A null type is what goes with the status.</summary>
    public static Script Error(
        int status, string? code = null, string? message = null, string? type = null, string? param = null, string? retryAfter = null) =>
        new() { Failure = new ProviderError(status, message ?? $"Scripted error {status}.", type, code, param), RetryAfter = retryAfter };

    /// <summary>One script a status, for <see cref="FakeProviderServer.On"/>: 200 is a right answer.</summary>
    public static Script[] Statuses(params int[] statuses) => [.. statuses.Select(status => status == 200 ? new Script() : Error(status))];

    /// <summary>A proxy's page instead of an answer.</summary>
    public static Script Html(int status = 502) => new()
    {
        Status = status,
        ContentType = "text/html",
        Body = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center></body>\r\n</html>\r\n",
    };

    /// <summary>
    /// The script that a model's name asks for: fake-cut, fake-stall, fake-garbage, fake-no-finish, fake-no-done, fake-html,
    /// fake-reset, fake-silent, fake-slow, fake-500 (any status). Anything else is a short, right answer.
    /// </summary>
    public static Script ForModel(string model) => model switch
    {
        "fake-cut" => new Script { Ending = Ending.Cut, Chunks = 6, EndAfter = 3 },
        "fake-stall" => new Script { Ending = Ending.Stall, Chunks = 6, EndAfter = 3 },
        "fake-garbage" => new Script { Ending = Ending.Garbage, Chunks = 6, EndAfter = 3 },
        "fake-no-finish" => new Script { Ending = Ending.NoFinish },
        "fake-no-done" => new Script { Ending = Ending.NoDone },
        "fake-html" => Html(),
        "fake-reset" => new Script { ResetBeforeHeaders = true },
        "fake-silent" => new Script { HeaderDelay = Timeout.InfiniteTimeSpan },
        "fake-slow" => new Script { Chunks = 50, ChunkDelay = TimeSpan.FromMilliseconds(20) },
        _ when model.StartsWith("fake-", StringComparison.Ordinal)
            && int.TryParse(model.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var status)
            && status is >= 400 and < 600 => Error(status, retryAfter: status == 429 ? "7" : null),
        _ => new Script(),
    };
}

using System.Globalization;

namespace LlmGateway.Cli.Connection;

/// <param name="Uri">Ends in a slash, so that paths are put below it.</param>
internal sealed record GatewayAddress(Uri Uri)
{
    public const string Variable = "LLMGW_URL";
    private const string Example = "http://localhost:8000";
    private const string PortVariable = "PORT";

    public static GatewayAddress Of(string? option)
    {
        var text = FirstSet(option, Environment.GetEnvironmentVariable(Variable)) ?? Local();
        var source = !string.IsNullOrWhiteSpace(option) ? "--url" : Variable;
        return Uri.TryCreate(text.TrimEnd('/') + '/', UriKind.Absolute, out var uri)
            && uri.Scheme is "http" or "https"
            && uri is { UserInfo: "", Query: "", Fragment: "" }
            ? new(uri)
            : throw new FailedException($"{source} must be an address like {Example}, without a user, a query or a fragment.");
    }

    public override string ToString() => Uri.AbsoluteUri.TrimEnd('/');

    // Where ./run.sh puts it.
    private static string Local() => Setting.Find(PortVariable) is not { } port ? Example
        : ushort.TryParse(port.Value.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? string.Create(CultureInfo.InvariantCulture, $"http://localhost:{number}")
            : throw new FailedException($"{port.Source} must be a port number, 1 to 65535.");

    private static string? FirstSet(params string?[] values) => values.FirstOrDefault(value => !string.IsNullOrWhiteSpace(value))?.Trim();
}

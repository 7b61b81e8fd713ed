namespace LlmGateway.Cli.Connection;

/// <param name="Uri">Ends in a slash, so that paths are put below it.</param>
internal sealed record GatewayAddress(Uri Uri)
{
    public const string Variable = "LLMGW_URL";
    private const string Default = "http://localhost:8000";

    public static GatewayAddress Of(string? option)
    {
        var text = FirstSet(option, Environment.GetEnvironmentVariable(Variable)) ?? Default;
        var source = !string.IsNullOrWhiteSpace(option) ? "--url" : Variable;
        return Uri.TryCreate(text.TrimEnd('/') + '/', UriKind.Absolute, out var uri)
            && uri.Scheme is "http" or "https"
            && uri is { UserInfo: "", Query: "", Fragment: "" }
            ? new(uri)
            : throw new FailedException($"{source} must be an address like {Default}, without a user, a query or a fragment.");
    }

    public override string ToString() => Uri.AbsoluteUri.TrimEnd('/');

    private static string? FirstSet(params string?[] values) => values.FirstOrDefault(value => !string.IsNullOrWhiteSpace(value))?.Trim();
}

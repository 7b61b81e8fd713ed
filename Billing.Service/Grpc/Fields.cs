using System.Buffers;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace LlmGateway.Billing.Grpc;

/// <summary>Checks of a request's fields. What does not pass is INVALID_ARGUMENT with the field's name first, and not its value.</summary>
internal static class Fields
{
    public const long MostTokens = 1_000_000_000;
    private const int LongestName = 256;

    private static readonly SearchValues<char> RequestIdCharacters =
        SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private static readonly SearchValues<char> IdCharacters =
        SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.@:-");

    public static RpcException Invalid(string field, string rule) =>
        new(new Status(StatusCode.InvalidArgument, $"{field}: {rule}"));

    /// <summary>req_01JD3ZK5T0Q8M7V4N2X9B6C1RE</summary>
    public static string RequestId(string value, string field = "request_id") =>
        value is ['r', 'e', 'q', '_', ..] && value.Length == 30 && !value.AsSpan(4).ContainsAnyExcept(RequestIdCharacters)
            ? value
            : throw Invalid(field, "must be req_ and 26 letters or digits.");

    public static string AccountId(string value) => IsId(value)
        ? value
        : throw Invalid("account_id", "must be 1 to 128 characters of A-Z a-z 0-9 _ . @ : -.");

    /// <summary>A caller may come without a key, by a JWT.</summary>
    public static string? KeyId(string value) => value.Length == 0 ? null
        : IsId(value) ? value
        : throw Invalid("key_id", "must be empty or 1 to 128 characters of A-Z a-z 0-9 _ . @ : -.");

    /// <summary>Names of models, deployments and the like, which are others' choice: anything but control characters.</summary>
    public static string Name(string field, string value) =>
        value.Length is > 0 and <= LongestName && !value.Any(char.IsControl)
            ? value
            : throw Invalid(field, "must be 1 to 256 characters without control characters.");

    public static long Tokens(string field, long value) => InRange(field, value, 0, MostTokens);

    public static long InRange(string field, long value, long least, long most) => value >= least && value <= most
        ? value
        : throw Invalid(field, $"must be between {least} and {most}.");

    public static T Present<T>(string field, T? value)
        where T : class => value ?? throw Invalid(field, "is missing.");

    /// <summary>A message can carry seconds and nanoseconds that no time has.</summary>
    public static DateTimeOffset Time(string field, Timestamp value)
    {
        try
        {
            return value.ToDateTimeOffset();
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentOutOfRangeException)
        {
            throw Invalid(field, "is not a time.");
        }
    }

    private static bool IsId(string value) => value.Length is > 0 and <= 128 && !value.AsSpan().ContainsAnyExcept(IdCharacters);
}

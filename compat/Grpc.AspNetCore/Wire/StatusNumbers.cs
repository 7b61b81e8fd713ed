using System.Globalization;
using Grpc.Core;

namespace Grpc.Wire;

// grpc-status is decimal without leading zeros.
internal static class StatusNumbers
{
    private static readonly string[] Known = [.. Enumerable.Range(0, 17).Select(number => number.ToString(CultureInfo.InvariantCulture))];

    public static string ToWire(StatusCode code) =>
        (uint)code < Known.Length ? Known[(int)code] : ((int)code).ToString(CultureInfo.InvariantCulture);

    // A number that no list has is passed on as it is; what is no number is UNKNOWN, as the specification says.
    public static StatusCode Parse(string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? (StatusCode)number : StatusCode.Unknown;
}

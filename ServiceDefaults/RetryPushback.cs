using System.Globalization;
using Grpc.Core;

namespace LlmGateway.ServiceDefaults;

/// <summary>
/// A server's word to clients that would repeat a call (gRFC A6, "grpc-retry-pushback-ms"): a negative number, or none, means not at all.
/// Our services say nothing else by it, and our clients choose every delay themselves.
/// </summary>
public static class RetryPushback
{
    private const string Name = "grpc-retry-pushback-ms";

    /// <summary>This call will fail, and so would the next one: nobody is to wait for it.</summary>
    public static void NotAgain(ServerCallContext context) => context.ResponseTrailers.Add(Name, "-1");

    public static bool IsNotAgain(Metadata trailers) =>
        trailers.GetValue(Name) is { } pushback && !uint.TryParse(pushback, NumberStyles.None, CultureInfo.InvariantCulture, out _);
}

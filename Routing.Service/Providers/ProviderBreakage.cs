using System.Globalization;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Providers;

/// <summary>What a broken transport means for the call. Null for an exception that is none of a transport's: a bug, and not to be hidden.</summary>
internal static class ProviderBreakage
{
    public static CallFault? Classify(Exception exception, Deployment deployment, CallOptions options) => exception switch
    {
        // SocketsHttpHandler's ConnectTimeout: a cancellation that nobody asked for.
        OperationCanceledException { InnerException: TimeoutException } or HttpRequestException { InnerException: TimeoutException } => new CallFault(
            CallFailure.ProviderTimeout,
            $"{deployment.Provider} could not be connected within {options.ConnectTimeout.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture)} s."),
        HttpRequestException
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
                or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError,
        } => new CallFault(CallFailure.ProviderUnreachable, $"{deployment.Provider} cannot be reached."),
        HttpRequestException or IOException => new CallFault(CallFailure.ProviderError, $"The connection to {deployment.Provider} broke off."),
        _ => null,
    };
}

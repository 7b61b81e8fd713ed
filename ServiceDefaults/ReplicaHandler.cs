namespace LlmGateway.ServiceDefaults;

/// <summary>
/// Spreads calls over a service's replicas, one after the other, and passes over one that cannot be reached. A call is sent on to the next
/// only where no connection could be made, so that nothing of it has been sent, whatever the call. The other ways in which a replica goes are the
/// HTTP handler's: it leaves a connection that was told to go away, and makes a new one.
/// </summary>
/// <remarks>
/// Below gRPC, and not its own load balancing (Grpc.Net.Client.Balancer), because that watches connections of its own, and a call that fails on
/// one that has just gone is not tried elsewhere unless its method is listed as repeatable.
/// </remarks>
internal sealed class ReplicaHandler(IReadOnlyList<Uri> addresses, TimeProvider time) : DelegatingHandler
{
    // A replica that starts again is tried soon; until then it costs one attempt to connect in this time.
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(500);

    private readonly long[] _restsUntil = new long[addresses.Count];
    private int _next = -1;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var order = Order((int)((uint)Interlocked.Increment(ref _next) % (uint)addresses.Count));
        for (var attempt = 0; ; attempt++)
        {
            var replica = order[attempt];
            request.RequestUri = At(addresses[replica], request.RequestUri!);
            try
            {
                return await base.SendAsync(request, cancellationToken);
            }
            catch (Exception exception) when (IsUnreached(exception, cancellationToken))
            {
                Volatile.Write(ref _restsUntil[replica], time.GetTimestamp() + (long)(Rest.TotalSeconds * time.TimestampFrequency));
                if (attempt + 1 >= addresses.Count)
                {
                    // Of a limit for connecting the runtime makes a cancellation, which gRPC takes for the caller's own.
                    throw exception as HttpRequestException ?? new HttpRequestException(HttpRequestError.ConnectionError, "No connection in time.", exception);
                }
            }
        }
    }

    // Nobody there refuses at once; a machine that is gone does not answer at all, which ends by the handler's own limit for connecting.
    private static bool IsUnreached(Exception exception, CancellationToken cancellationToken) => exception switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError } => true,
        OperationCanceledException { InnerException: TimeoutException } => !cancellationToken.IsCancellationRequested,
        _ => false,
    };

    // Those that rest come last.
    private int[] Order(int first)
    {
        var now = time.GetTimestamp();
        return [.. Enumerable.Range(0, addresses.Count).Select(step => (first + step) % addresses.Count).OrderBy(replica => now < Volatile.Read(ref _restsUntil[replica]))];
    }

    private static Uri At(Uri address, Uri request) => new UriBuilder(request) { Scheme = address.Scheme, Host = address.Host, Port = address.Port }.Uri;
}

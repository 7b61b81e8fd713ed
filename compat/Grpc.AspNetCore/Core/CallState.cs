namespace Grpc.Core;

// What a call object asks of the call behind it. One object serves all the questions, so that a unary call costs no
// delegate; the public constructors, used by interceptors and test doubles, wrap their delegates in the second form.
internal abstract class CallState
{
    internal abstract Task<Metadata> GetResponseHeadersAsync();

    internal abstract Status GetStatus();

    internal abstract Metadata GetTrailers();

    internal abstract void DisposeCall();
}

internal sealed class DelegatedCallState(
    Task<Metadata> responseHeadersAsync,
    Func<Status> getStatus,
    Func<Metadata> getTrailers,
    Action dispose) : CallState
{
    internal override Task<Metadata> GetResponseHeadersAsync() => responseHeadersAsync;

    internal override Status GetStatus() => getStatus();

    internal override Metadata GetTrailers() => getTrailers();

    internal override void DisposeCall() => dispose();
}

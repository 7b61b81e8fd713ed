using System.Diagnostics;

namespace LlmGateway.ServiceDefaults;

/// <summary>
/// Takes <c>traceparent</c> from a request, so that a trace goes on, and nothing else: <c>tracestate</c> and <c>baggage</c> are text of the
/// client's that would be exported with every span and sent to providers.
/// </summary>
internal sealed class TraceParentPropagator : DistributedContextPropagator
{
    private readonly DistributedContextPropagator _w3c = CreateW3CPropagator();

    public override IReadOnlyCollection<string> Fields { get; } = ["traceparent"];

    public override void ExtractTraceIdAndState(object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState)
    {
        _w3c.ExtractTraceIdAndState(carrier, getter, out traceId, out _);
        traceState = null;
    }

    public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) => null;

    public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter) =>
        _w3c.Inject(activity, carrier, setter);
}

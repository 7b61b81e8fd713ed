using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Admin;

/// <param name="Kind"><c>account</c>, <c>tariff</c> or <c>key</c>.</param>
/// <param name="OverwrittenIds">The first 100.</param>
internal sealed record RestoreChangeBody(string Kind, long Added, long Unchanged, long Overwritten, IReadOnlyList<string> OverwrittenIds)
{
    public static RestoreChangeBody From(RestoreChange change) =>
        new(change.Kind, change.Added, change.Unchanged, change.Overwritten, [.. change.OverwrittenIds]);
}

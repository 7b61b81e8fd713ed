using System.Text.Json;
using LlmGateway.Gateway.Calls;
using LlmGateway.Gateway.OpenAi;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Admin;

/// <summary>/admin/keys/{key}/limits: PUT replaces all of a key's own limits; PATCH changes those given, and null takes one away.</summary>
internal sealed class KeyLimitEndpoints(KeysAdminApi.KeysAdminApiClient keys, AdminEndpoint endpoint)
{
    public Task<AdminAnswer> ReplaceAsync(HttpContext context) => SetAsync(context, keepUnset: false);

    public Task<AdminAnswer> ChangeAsync(HttpContext context) => SetAsync(context, keepUnset: true);

    private async Task<AdminAnswer> SetAsync(HttpContext context, bool keepUnset)
    {
        if (AdminQuery.Key(context, out var key) is { } fault)
        {
            return fault;
        }

        var (body, unread) = await RequestBody.ReadAsync(context, endpoint.MaxBodyBytes);
        if (body is null)
        {
            return unread!;
        }

        using (body)
        {
            if (AdminBody.Parse(body.Bytes.Span, AdminJson.Read.LimitsBody, out var error) is not { } limits)
            {
                return error!;
            }

            var request = new SetLimitsRequest { Actor = AdminEndpoint.ActorOf(context), Key = key, Limits = limits.ToProto(), KeepUnset = keepUnset };
            var taken = keepUnset ? NullMembers(body.Bytes.Span) : [];
            if (taken.Count > 0 && await KeepOthersAsync(request, taken, context.RequestAborted) is { } rejection)
            {
                return rejection;
            }

            var reply = await keys.SetLimitsAsync(request, cancellationToken: context.RequestAborted);
            return reply.Rejection is { } refused ? refused : AdminAnswer.Of(KeyBody.From(reply.Key), AdminJson.Wire.KeyBody);
        }
    }

    // Keys can replace all limits or change some, not take away some. Between the look and the change another administrator's change of the
    // same key is lost; the audit has both.
    private async Task<Rejection?> KeepOthersAsync(SetLimitsRequest request, HashSet<string> taken, CancellationToken cancellationToken)
    {
        var reply = await keys.GetKeyAsync(new() { Key = request.Key }, cancellationToken: cancellationToken);
        if (reply.Rejection is { } rejection)
        {
            return rejection;
        }

        var limits = reply.Key.Limits?.Clone() ?? new Limits();
        limits.MergeFrom(request.Limits);
        foreach (var field in Limits.Descriptor.Fields.InDeclarationOrder().Where(field => taken.Contains(JsonName(field.Name))))
        {
            field.Accessor.Clear(limits);
        }

        (request.Limits, request.KeepUnset, request.Key) = (limits, false, reply.Key.Id);
        return null;
    }

    private static string JsonName(string field) => field.Replace("_nano_usd", "_usd", StringComparison.Ordinal);

    private static HashSet<string> NullMembers(ReadOnlySpan<byte> body)
    {
        var names = new HashSet<string>();
        var json = new Utf8JsonReader(body);
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = json.GetString()!;
            json.Read();
            if (json.TokenType == JsonTokenType.Null)
            {
                names.Add(name);
            }
        }

        return names;
    }
}

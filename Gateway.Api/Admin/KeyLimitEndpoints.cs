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
            if (keepUnset)
            {
                request.Removed.AddRange(NullMembers(body.Bytes.Span));
            }

            var reply = await keys.SetLimitsAsync(request, cancellationToken: context.RequestAborted);
            return reply.Rejection is { } refused ? refused : AdminAnswer.Of(KeyBody.From(reply.Key), AdminJson.Wire.KeyBody);
        }
    }

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

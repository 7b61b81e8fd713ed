using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Calls;
using LlmGateway.Protos.Routing.V1;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.OpenAi;

/// <summary>POST /v1/responses: checks the body, then hands it to the pipeline. Responses are not stored, so that none is ever found.</summary>
internal sealed class Responses(CallPipeline pipeline, ModelAccess access, IOptions<RequestLimits> limits)
{
    public async Task CreateAsync(HttpContext context)
    {
        var (body, fault) = await RequestBody.ReadAsync(context, limits.Value.MaxBodyBytes);
        if (body is null)
        {
            await OpenAiErrors.WriteAsync(context, fault!);
            return;
        }

        if (ResponsesRequest.Read(body.Bytes.Span, out var request) is { } error)
        {
            body.Dispose();
            await OpenAiErrors.WriteAsync(context, error);
            return;
        }

        var caller = Caller.Of(context);
        var (model, refusal) = await access.ChooseAsync(caller, request.Model);
        if (refusal is not null)
        {
            body.Dispose();
            await OpenAiErrors.WriteAsync(context, refusal);
            return;
        }

        // Every response has its usage.
        await pipeline.RunAsync(context, new(
            caller, Dialect.OpenaiResponses, body, model, request.Stream, request.MaxOutputTokens, IncludeUsage: true));
    }

    /// <summary>Any question about one response.</summary>
    public static Task NotStoredAsync(HttpContext context) =>
        OpenAiErrors.WriteAsync(context, ApiErrors.NotStored((string)context.GetRouteValue("id")!));
}

using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Calls;
using LlmGateway.Gateway.OpenAi;
using LlmGateway.Protos.Routing.V1;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Anthropic;

/// <summary>POST /v1/messages: checks the body, then hands it to the pipeline.</summary>
internal sealed class Messages(CallPipeline pipeline, ModelAccess access, IOptions<RequestLimits> limits)
{
    private const string BetaHeader = "anthropic-beta";

    public async Task CreateAsync(HttpContext context)
    {
        var (body, fault) = await RequestBody.ReadAsync(context, limits.Value.MaxBodyBytes);
        if (body is null)
        {
            await AnthropicErrors.WriteAsync(context, fault!);
            return;
        }

        if ((MessagesRequest.Read(body.Bytes.Span, out var request) ?? WithoutMaximum(request)) is { } error)
        {
            body.Dispose();
            await AnthropicErrors.WriteAsync(context, error);
            return;
        }

        var caller = Caller.Of(context);
        var (model, refusal) = await access.ChooseAsync(caller, request.Model);
        if (refusal is not null)
        {
            body.Dispose();
            await AnthropicErrors.WriteAsync(context, refusal);
            return;
        }

        // Every message has its usage.
        await pipeline.RunAsync(context, new(
            caller, Dialect.AnthropicMessages, body, model, request.Stream, request.MaxOutputTokens, IncludeUsage: true)
        {
            Betas = Betas(context.Request),
        });
    }

    private static ApiError? WithoutMaximum(MessagesRequest request) => request.MaxOutputTokens is null ? ApiErrors.Missing("max_tokens") : null;

    /// <summary>One header with a list, or several.</summary>
    private static string[] Betas(HttpRequest request) =>
        request.Headers.TryGetValue(BetaHeader, out var values)
            ? [.. values.SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))]
            : [];
}

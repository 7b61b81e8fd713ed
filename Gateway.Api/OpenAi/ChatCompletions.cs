using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Calls;
using LlmGateway.Protos.Routing.V1;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.OpenAi;

/// <summary>POST /v1/chat/completions: checks the body, then hands it to the pipeline.</summary>
internal sealed class ChatCompletions(CallPipeline pipeline, ModelAccess access, IOptions<RequestLimits> limits)
{
    public Task AsTheBodyAsksAsync(HttpContext context) => RunAsync(context, alwaysStream: false);

    public Task AlwaysStreamedAsync(HttpContext context) => RunAsync(context, alwaysStream: true);

    private async Task RunAsync(HttpContext context, bool alwaysStream)
    {
        var (body, fault) = await RequestBody.ReadAsync(context, limits.Value.MaxBodyBytes);
        if (body is null)
        {
            await OpenAiErrors.WriteAsync(context, fault!);
            return;
        }

        if (ChatRequest.Read(body.Bytes.Span, out var chat) is { } error)
        {
            body.Dispose();
            await OpenAiErrors.WriteAsync(context, error);
            return;
        }

        var caller = Caller.Of(context);
        var (model, refusal) = await access.ChooseAsync(caller, chat.Model);
        if (refusal is not null)
        {
            body.Dispose();
            await OpenAiErrors.WriteAsync(context, refusal);
            return;
        }

        await pipeline.RunAsync(context, new(
            caller, Dialect.OpenaiChat, body, model, alwaysStream || chat.Stream, chat.MaxOutputTokens, chat.IncludeUsage));
    }
}

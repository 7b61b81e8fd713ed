using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Calls;
using LlmGateway.Protos.Routing.V1;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.OpenAi;

/// <summary>POST /v1/chat/completions: checks the body, then hands it to the pipeline.</summary>
internal sealed class ChatCompletions(CallPipeline pipeline, IOptions<RequestLimits> limits)
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

        await pipeline.RunAsync(context, new(
            Caller.Of(context), Dialect.OpenaiChat, body, chat.Model, alwaysStream || chat.Stream, chat.MaxOutputTokens, chat.IncludeUsage));
    }
}

using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Calls;
using LlmGateway.Protos.Routing.V1;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.OpenAi;

/// <summary>The endpoints of OpenAI's API that call a model: checks the body, then hands it to the pipeline.</summary>
internal sealed class ModelCalls(CallPipeline pipeline, ModelAccess access, IOptions<RequestLimits> limits)
{
    public Task ChatAsync(HttpContext context) => RunAsync(context, Dialect.OpenaiChat, PromptField.Messages);

    public Task StreamedChatAsync(HttpContext context) => RunAsync(context, Dialect.OpenaiChat, PromptField.Messages, alwaysStream: true);

    public Task CompletionAsync(HttpContext context) => RunAsync(context, Dialect.OpenaiCompletions, PromptField.Prompt);

    public Task EmbeddingsAsync(HttpContext context) => RunAsync(context, Dialect.OpenaiEmbeddings, PromptField.Input);

    private async Task RunAsync(HttpContext context, Dialect dialect, PromptField prompt, bool alwaysStream = false)
    {
        var (body, fault) = await RequestBody.ReadAsync(context, limits.Value.MaxBodyBytes);
        if (body is null)
        {
            await OpenAiErrors.WriteAsync(context, fault!);
            return;
        }

        if (ChatRequest.Read(body.Bytes.Span, prompt, out var chat) is { } error)
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
            caller, dialect, body, model, alwaysStream || (chat.Stream && dialect != Dialect.OpenaiEmbeddings), chat.MaxOutputTokens, chat.IncludeUsage));
    }
}

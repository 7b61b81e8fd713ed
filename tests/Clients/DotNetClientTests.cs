using System.ClientModel;
using System.ClientModel.Primitives;
using LlmGateway.FakeProvider;
using LlmGateway.SystemUnderTest;
using OpenAI;
using OpenAI.Chat;

namespace LlmGateway.Clients.Tests;

/// <summary>The official .NET client, against the whole system.</summary>
[Collection(RunningSystem.Name)]
public sealed class DotNetClientTests(RunningSystem system)
{
    [Fact]
    public async Task It_gets_a_completion_with_usage()
    {
        var completion = (await Client().CompleteChatAsync("Say hello.")).Value;

        completion.Content[0].Text.ShouldNotBeEmpty();
        completion.FinishReason.ShouldBe(ChatFinishReason.Stop);
        completion.Usage.TotalTokenCount.ShouldBe(completion.Usage.InputTokenCount + completion.Usage.OutputTokenCount);
        completion.Usage.OutputTokenCount.ShouldBePositive();
    }

    [Fact]
    public async Task It_gets_a_stream_that_ends_with_a_finish_reason_and_usage()
    {
        var text = "";
        ChatFinishReason? finish = null;
        ChatTokenUsage? usage = null;
        await foreach (var update in Client().CompleteChatStreamingAsync("Say hello."))
        {
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
            finish = update.FinishReason ?? finish;
            usage = update.Usage ?? usage;
        }

        text.ShouldNotBeEmpty();
        finish.ShouldBe(ChatFinishReason.Stop);
        usage.ShouldNotBeNull().OutputTokenCount.ShouldBePositive();
    }

    [Fact]
    public async Task It_gets_embeddings_of_which_every_number_is_right()
    {
        var client = OpenAi(GatewaySystem.Key).GetEmbeddingClient(GatewaySystem.EmbeddingModel);

        var embeddings = (await client.GenerateEmbeddingsAsync(["one", "two"], new() { Dimensions = 8 })).Value;

        embeddings.Count.ShouldBe(2);
        embeddings[1].ToFloats().ToArray().ShouldBe(Embedding.Of("two", 8));
        embeddings.Usage.InputTokenCount.ShouldBe(2);
    }

    [Fact]
    public async Task It_lists_the_models()
    {
        var models = (await OpenAi(GatewaySystem.Key).GetOpenAIModelClient().GetModelsAsync()).Value;

        models.Select(model => model.Id).ShouldContain(GatewaySystem.Model);
    }

    [Theory]
    [InlineData("sk-nobody-has-this-key", GatewaySystem.Model, 403)]
    [InlineData(GatewaySystem.Key, "no-such-model", 404)]
    public async Task A_refusal_is_its_exception_with_the_status(string key, string model, int status)
    {
        var refusal = await Should.ThrowAsync<ClientResultException>(
            async () => await OpenAi(key).GetChatClient(model).CompleteChatAsync("Say hello."));

        refusal.Status.ShouldBe(status);
    }

    [Fact]
    public async Task A_key_that_can_be_none_is_a_401()
    {
        var refusal = await Should.ThrowAsync<ClientResultException>(
            async () => await OpenAi(new string('k', 513)).GetChatClient(GatewaySystem.Model).CompleteChatAsync("Say hello."));

        refusal.Status.ShouldBe(401);
    }

    [Fact]
    public async Task A_body_without_messages_is_a_400_that_names_them()
    {
        var refusal = await Should.ThrowAsync<ClientResultException>(
            async () => await Client().CompleteChatAsync(BinaryContent.Create(BinaryData.FromString($$"""{"model":"{{GatewaySystem.Model}}"}"""))));

        refusal.Status.ShouldBe(400);
        refusal.Message.ShouldContain("messages");
    }

    private ChatClient Client() => OpenAi(GatewaySystem.Key).GetChatClient(GatewaySystem.Model);

    private OpenAIClient OpenAi(string key) => new(
        new ApiKeyCredential(key),
        new OpenAIClientOptions { Endpoint = new Uri(system.Gateway, "/v1"), RetryPolicy = new ClientRetryPolicy(maxRetries: 0) });
}

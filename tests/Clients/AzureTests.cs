using LlmGateway.FakeProvider;
using LlmGateway.SystemUnderTest;
using OpenAI;
using OpenAI.Chat;
using System.ClientModel;

namespace LlmGateway.Clients.Tests;

/// <summary>Azure's deployments behind the whole system, asked for by the official client as any other model.</summary>
[Collection(RunningSystem.Name)]
public sealed class AzureTests(RunningSystem system)
{
    [Fact]
    public async Task A_chat_a_stream_and_embeddings_go_to_the_deployment_s_path_with_its_version_and_key()
    {
        system.Provider.On(GatewaySystem.AzureModel + "-deployment", new Script { Pieces = ["Hello ", "world."] });
        var client = new OpenAIClient(new ApiKeyCredential(GatewaySystem.Key), new OpenAIClientOptions { Endpoint = new Uri(system.Gateway, "/v1") });
        var chat = client.GetChatClient(GatewaySystem.AzureModel);

        (await chat.CompleteChatAsync("Say hello.")).Value.Content[0].Text.ShouldBe("Hello world.");
        var (text, finish) = ("", default(ChatFinishReason?));
        await foreach (var update in chat.CompleteChatStreamingAsync("Say hello."))
        {
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
            finish = update.FinishReason ?? finish;
        }

        (text, finish).ShouldBe(("Hello world.", ChatFinishReason.Stop));
        var vectors = (await client.GetEmbeddingClient(GatewaySystem.AzureEmbeddingModel).GenerateEmbeddingsAsync(["one", "two"], new() { Dimensions = 8 })).Value;
        vectors[1].ToFloats().ToArray().ShouldBe(Embedding.Of("two", 8));

        var calls = system.Provider.Calls.Where(call => call.IsAzure).ToList();
        calls.Select(call => call.Path).ShouldBe(
        [
            $"/openai/deployments/{GatewaySystem.AzureModel}-deployment/chat/completions", $"/openai/deployments/{GatewaySystem.AzureModel}-deployment/chat/completions",
            $"/openai/deployments/{GatewaySystem.AzureEmbeddingModel}-deployment/embeddings",
        ]);
        calls.ShouldAllBe(call => call.Query == "?api-version=2024-10-21" && call.Headers["api-key"] == "key-of-azure" && call.Authorization == "");
    }
}

namespace LlmGateway.Gateway.OpenAi;

/// <summary>Where a body has what the model is to read: each of OpenAI's endpoints has a field of its own for it.</summary>
internal sealed record PromptField(string Name)
{
    public static PromptField Messages { get; } = new("messages");

    public static PromptField Prompt { get; } = new("prompt");

    public static PromptField Input { get; } = new("input");
}

using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace LlmGateway.Routing.Catalog;

/// <summary>The provider part of "provider/model", by LiteLLM's names and ours.</summary>
internal static class ProviderName
{
    public const string OpenAi = "openai";

    /// <summary>An OpenAI-compatible server behind an api_base of one's own.</summary>
    public const string OpenAiCompatible = "openai_compatible";

    /// <summary>The server of LLM_SERVER_URL.</summary>
    public const string LlmServer = "llm_server";

    public const string Ollama = "ollama";
    public const string Vllm = "vllm";
    public const string Mock = "mock";
    public const string Anthropic = "anthropic";
    public const string Gemini = "gemini";
    public const string Azure = "azure";

    /// <summary>A LiteLLM proxy.</summary>
    public const string LiteLlm = "litellm";

    private static readonly FrozenDictionary<string, string> Known = new Dictionary<string, string>
    {
        [OpenAi] = OpenAi,
        [Ollama] = Ollama,
        ["ollama_chat"] = Ollama,
        [Vllm] = Vllm,
        ["hosted_vllm"] = Vllm,
        [Mock] = Mock,
        [Anthropic] = Anthropic,
        [Gemini] = Gemini,
        [Azure] = Azure,
        [LiteLlm] = LiteLlm,
        ["litellm_proxy"] = LiteLlm,
    }.ToFrozenDictionary();

    private static readonly (string Prefix, string Provider)[] Bare =
    [
        ("claude-", Anthropic), ("gemini-", Gemini), ("gpt-", OpenAi), ("chatgpt-", OpenAi), ("o1", OpenAi), ("o3", OpenAi),
        ("o4", OpenAi), ("text-embedding-", OpenAi), ("davinci-", OpenAi), ("babbage-", OpenAi),
    ];

    public static string List => string.Join(", ", Known.Keys.Order(StringComparer.Ordinal));

    /// <summary>Splits "openai/gpt-4o"; infers the provider of "gpt-4o".</summary>
    public static bool TrySplit(string text, [NotNullWhen(true)] out string? provider, out string model)
    {
        var slash = text.IndexOf('/');
        model = text[(slash + 1)..];
        if (slash >= 0)
        {
            return Known.TryGetValue(text[..slash], out provider) && model.Length > 0;
        }

        provider = Array.Find(Bare, rule => text.StartsWith(rule.Prefix, StringComparison.Ordinal)).Provider;
        return provider is not null;
    }
}

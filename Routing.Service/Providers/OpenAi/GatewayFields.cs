using System.Collections.Frozen;
using System.Text.Json;
using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Providers.OpenAi;

/// <summary>
/// Fields by which other gateways let a client choose the model, the provider, its address or key, or what a call costs. A client that sent one
/// through would get what its key may not use, at a price that is not its model's. Sources: docs.litellm.ai/docs/completion/input and
/// /proxy/clientside_auth, openrouter.ai/docs/api-reference.
/// </summary>
internal static class GatewayFields
{
    private static readonly FrozenSet<string> Names = Split(
        // LiteLLM
        "fallbacks context_window_fallbacks content_policy_fallbacks context_window_fallback_dict model_list model_group model_info "
        + "litellm_params litellm_metadata litellm_call_id litellm_logging_obj litellm_credential_name litellm_session_id litellm_trace_id "
        + "api_base base_url api_key api_version api_type organization azure_ad_token "
        + "azure_ad_token_provider custom_llm_provider custom_llm_provider_name user_config deployment_id specific_deployment region_name "
        + "allowed_model_region input_cost_per_token output_cost_per_token input_cost_per_second output_cost_per_second custom_pricing base_model "
        + "mock_response mock_tool_calls mock_timeout mock_delay num_retries max_retries retry_policy retry_strategy cooldown_time extra_body "
        + "extra_headers extra_query headers default_headers proxy_server_request secret_fields cache caching no-log guardrails disable_global_guardrail "
        + "prompt_id prompt_variables tags hf_model_name router client drop_params additional_drop_params allowed_openai_params timeout stream_timeout "
        // OpenRouter
        + "models route provider transforms plugins preset");

    private static readonly string[] Prefixes = ["mock_testing_", "litellm_", "aws_", "vertex_", "user_api_key_", "gcs_", "s3_"];

    private static readonly int LongestWritten = 6 * Names.Max(name => name.Length);

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Lookup = Names.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The first such field of a body; null where none is there, or the server is none that could act on them.</summary>
    public static string? Find(ReadOnlySpan<byte> body, Deployment deployment)
    {
        if (!MayBeGateway(deployment))
        {
            return null;
        }

        var reader = new Utf8JsonReader(body);
        reader.Read();
        Span<char> written = stackalloc char[LongestWritten];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            // A longer name is none of these, unless it is by its beginning.
            if (reader.ValueSpan.Length <= LongestWritten && Known(written[..Copy(ref reader, written)]) is { } name)
            {
                return name;
            }

            reader.Read();
            reader.Skip();
        }

        return null;
    }

    /// <summary>
    /// Any server but the vendors' own, whatever its entry calls it: api_base leads "openai/" and "anthropic/" to other gateways too. Bodies for
    /// Gemini are written member by member.
    /// </summary>
    public static bool MayBeGateway(Deployment deployment) => deployment.Adapter != ProviderName.Gemini
        && !(deployment.BaseAddress?.Host is { } host
            && (host is "api.openai.com" or "api.anthropic.com" || host.EndsWith(".openai.azure.com", StringComparison.Ordinal)));

    private static string? Known(ReadOnlySpan<char> name)
    {
        foreach (var prefix in Prefixes)
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal))
            {
                return name.ToString();
            }
        }

        return Lookup.TryGetValue(name, out var known) ? known : null;
    }

    // One with half of a surrogate pair is none of these.
    private static int Copy(ref Utf8JsonReader reader, scoped Span<char> written)
    {
        try
        {
            return reader.CopyString(written);
        }
        catch (InvalidOperationException)
        {
            return 0;
        }
    }

    private static FrozenSet<string> Split(string names) => names.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToFrozenSet();
}

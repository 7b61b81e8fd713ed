using System.Collections.Frozen;

namespace LlmGateway.Routing.Catalog;

/// <summary>
/// The keys of a LiteLLM configuration that are known, by section. A key of Applied has an effect; one of Ignored is accepted
/// with a warning, because files that people already have contain it; any other is an error.
/// Source: docs.litellm.ai/docs/proxy/config_settings and the router's settings.
/// </summary>
internal sealed record CatalogKeys(FrozenSet<string> Applied, FrozenSet<string> Ignored)
{
    public static CatalogKeys Top { get; } = Of(
        "model_list router_settings",
        "general_settings litellm_settings environment_variables");

    public static CatalogKeys Entry { get; } = Of("model_name litellm_params model_info", "");

    public static CatalogKeys Parameters { get; } = Of(
        "model api_base base_url api_key weight " + Prices,
        "rpm tpm timeout stream_timeout max_retries num_retries api_version organization max_parallel_requests order tags drop_params "
        + "extra_headers extra_body headers custom_llm_provider region_name temperature top_p max_tokens merge_reasoning_content_in_choices "
        + "use_in_pass_through litellm_credential_name additional_drop_params cooldown_time mock_response");

    public static CatalogKeys Info { get; } = Of(
        "mode max_output_tokens max_tokens max_input_tokens id base_model description litellm_provider source team_id access_groups version "
        + Prices,
        "output_vector_size health_check_model health_check_timeout disable_background_health_check");

    public static CatalogKeys Router { get; } = Of(
        "routing_strategy model_group_alias",
        "fallbacks context_window_fallbacks content_policy_fallbacks default_fallbacks num_retries retry_policy retry_after allowed_fails "
        + "allowed_fails_policy cooldown_time disable_cooldowns timeout stream_timeout rate_limit enable_pre_call_checks routing_strategy_args "
        + "model_group_retry_policy max_fallbacks redis_host redis_port redis_password redis_url cache_responses set_verbose debug_level "
        + "enable_tag_filtering client_ttl");

    private const string Prices =
        "input_cost_per_token output_cost_per_token cache_read_input_token_cost cache_creation_input_token_cost "
        + "cache_creation_input_token_cost_above_1hr output_cost_per_reasoning_token input_cost_per_request";

    public bool Knows(string key) => Applied.Contains(key) || Ignored.Contains(key) || IsFlag(key) || TierKey.TryParse(key, out _) || IsOtherPrice(key);

    public bool HasEffect(string key) => Applied.Contains(key) || IsFlag(key) || TierKey.TryParse(key, out _);

    // supports_vision, supports_function_calling, …: facts about a model that nothing here needs.
    private static bool IsFlag(string key) => key.StartsWith("supports_", StringComparison.Ordinal);

    // output_cost_per_image, input_cost_per_token_batches, …: units of price that are not charged yet.
    private static bool IsOtherPrice(string key) => key.Contains("_cost_per_", StringComparison.Ordinal)
        || key.Contains("_token_cost_", StringComparison.Ordinal);

    private static CatalogKeys Of(string applied, string ignored) => new(Split(applied), Split(ignored));

    private static FrozenSet<string> Split(string keys) => keys.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToFrozenSet();
}

using System.Collections.Frozen;

namespace LlmGateway.Routing.Catalog;

/// <summary>
/// The keys of a LiteLLM configuration that are known, by section. A key of Applied has an effect; one of Ignored is accepted
/// with a warning, because files that people already have contain it; any other is an error.
/// Source: docs.litellm.ai/docs/proxy/config_settings and the router's settings. hedge, prefix_affinity, rate_limit and the keys of
/// retry_policy are not LiteLLM's.
/// </summary>
internal sealed record CatalogKeys(FrozenSet<string> Applied, FrozenSet<string> Ignored)
{
    private const string Prices =
        "input_cost_per_token output_cost_per_token cache_read_input_token_cost cache_creation_input_token_cost "
        + "cache_creation_input_token_cost_above_1hr output_cost_per_reasoning_token input_cost_per_request";

    private const string Fallbacks = " fallbacks context_window_fallbacks content_policy_fallbacks default_fallbacks";

    /// <summary>What to use in the place of a key that has no effect.</summary>
    private static readonly FrozenDictionary<string, string> Instead = new Dictionary<string, string>
    {
        ["database_url"] = ": DATABASE_URL names the database",
        ["master_key"] = ": ./run.sh makes it the administrator's key, elsewhere set ADMIN_API_KEY",
        ["redis_host"] = ": REDIS_URL names the Redis",
        ["redis_url"] = ": REDIS_URL names the Redis",
    }.ToFrozenDictionary();

    public static CatalogKeys Top { get; } = Of("model_list router_settings general_settings litellm_settings", "environment_variables");

    public static CatalogKeys Entry { get; } = Of("model_name litellm_params model_info", "");

    public static CatalogKeys Parameters { get; } = Of(
        "model api_base base_url api_key api_version weight order rpm tpm timeout stream_timeout max_retries num_retries cooldown_time drop_params "
        + Prices,
        "organization max_parallel_requests tags extra_headers extra_body headers custom_llm_provider region_name temperature top_p max_tokens "
        + "merge_reasoning_content_in_choices use_in_pass_through litellm_credential_name additional_drop_params mock_response");

    public static CatalogKeys Info { get; } = Of(
        "id mode max_output_tokens max_tokens base_model routing_strategy hedge rescue supports_assistant_prefill max_input_tokens description litellm_provider source team_id "
        + "access_groups version " + Prices,
        "output_vector_size health_check_model health_check_timeout disable_background_health_check");

    public static CatalogKeys Router { get; } = Of(
        "routing_strategy model_group_alias prefix_affinity num_retries retry_policy retry_after allowed_fails cooldown_time timeout stream_timeout "
        + "rate_limit" + Fallbacks,
        "allowed_fails_policy disable_cooldowns enable_pre_call_checks optional_pre_call_checks routing_strategy_args model_group_retry_policy "
        + "max_fallbacks redis_host redis_port redis_password redis_url cache_responses set_verbose debug_level enable_tag_filtering client_ttl");

    public static CatalogKeys RetryPolicy { get; } = Of(
        "max_retries delay",
        "AuthenticationErrorRetries BadRequestErrorRetries ContentPolicyViolationErrorRetries InternalServerErrorRetries RateLimitErrorRetries "
        + "TimeoutErrorRetries");

    public static CatalogKeys RateLimit { get; } = Of("rpm tpm", "");

    public static CatalogKeys LiteLlm { get; } = Of(
        "drop_params num_retries request_timeout allowed_fails" + Fallbacks,
        "cache cache_params callbacks success_callback failure_callback service_callback audit_log_callbacks set_verbose json_logs telemetry "
        + "turn_off_message_logging redact_messages_in_exceptions redact_user_api_key_info modify_params enable_json_schema_validation "
        + "max_budget budget_duration max_internal_user_budget internal_user_budget_duration default_internal_user_params default_team_settings "
        + "default_team_params default_key_generate_params upperbound_key_generate_params langfuse_default_tags ssl_verify ssl_certificate "
        + "forward_traceparent_to_llm_provider add_function_to_prompt force_ipv4 cooldown_time max_user_budget allowed_fails_policy guardrails "
        + "default_max_internal_user_budget custom_provider_map enable_preview_features return_response_headers mcp_aliases");

    public static CatalogKeys General { get; } = Of(
        "",
        "master_key database_url database_type database_connection_pool_limit database_connection_timeout allow_requests_on_db_unavailable "
        + "store_model_in_db store_prompts_in_spend_logs disable_spend_logs disable_spend_updates disable_error_logs disable_reset_budget "
        + "disable_master_key_return disable_retry_on_max_parallel_request_limit_error disable_adding_master_key_hash_to_db completion_model "
        + "enforce_user_param enforced_params allowed_routes admin_only_routes public_routes key_management_system key_management_settings "
        + "custom_auth custom_key_generate custom_sso enable_jwt_auth litellm_jwtauth enable_oauth2_auth max_parallel_requests "
        + "global_max_parallel_requests infer_model_from_keys background_health_checks health_check_interval health_check_details alerting "
        + "alerting_threshold alerting_args alert_types alert_to_webhook_url spend_report_frequency proxy_budget_rescheduler_min_time "
        + "proxy_budget_rescheduler_max_time proxy_batch_write_at proxy_batch_polling_interval use_redis_transaction_buffer ui_access_mode "
        + "max_request_size_mb max_response_size_mb maximum_spend_logs_retention_period maximum_spend_logs_retention_interval "
        + "pass_through_endpoints use_client_credentials_pass_through_routes user_header_name user_header_mappings service_account_settings "
        + "image_generation_model block_robots always_include_stream_usage forward_client_headers_to_llm_api use_x_forwarded_for "
        + "allowed_ips token_rate_limit_type proxy_config_sync_interval");

    /// <summary>Of what an administrator changes of a deployment.</summary>
    public static CatalogKeys Change { get; } = Of("weight order rpm tpm enabled", "");

    /// <summary>Of an administrator's rules of a model.</summary>
    public static CatalogKeys Model { get; } = Of(
        "fallbacks context_window_fallbacks content_policy_fallbacks routing_strategy aliases", "");

    public bool Knows(string key) => Applied.Contains(key) || Ignored.Contains(key) || IsFlag(key) || TierKey.TryParse(key, out _) || IsOtherPrice(key);

    public bool HasEffect(string key) => Applied.Contains(key) || IsFlag(key) || TierKey.TryParse(key, out _);

    /// <summary>Empty where there is nothing to say.</summary>
    public string InsteadOf(string key) => Ignored.Contains(key) ? Instead.GetValueOrDefault(key, "") : "";

    // supports_vision, supports_function_calling, …: facts about a model that nothing here needs.
    private static bool IsFlag(string key) => key.StartsWith("supports_", StringComparison.Ordinal);

    // output_cost_per_image, input_cost_per_token_batches, …: units of price that are not charged yet.
    private static bool IsOtherPrice(string key) => key.Contains("_cost_per_", StringComparison.Ordinal)
        || key.Contains("_token_cost_", StringComparison.Ordinal);

    private static CatalogKeys Of(string applied, string ignored) => new(Split(applied), Split(ignored));

    private static FrozenSet<string> Split(string keys) => keys.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToFrozenSet();
}

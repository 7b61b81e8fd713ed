namespace LlmGateway.Gateway.Calls;

/// <summary>The errors that arise in the gateway itself. Those of a call come from <see cref="FailureWire"/>.</summary>
internal static class ApiErrors
{
    public const string InvalidRequest = "invalid_request_error";
    public const string ServerError = "server_error";
    public const string ServiceUnavailable = "service_unavailable_error";

    public static ApiError Internal { get; } = new(500, ServerError, "internal_error", "Something failed inside the gateway.");

    public static ApiError KeysUnavailable { get; } =
        new(503, ServiceUnavailable, "keys_unavailable", "The API key cannot be checked at the moment.") { RetryAfter = TimeSpan.FromSeconds(1) };

    public static ApiError PermissionDenied { get; } =
        new(403, InvalidRequest, "permission_denied", "The API key is valid, but its role may not do this.");

    public static ApiError NotExchangeable { get; } =
        new(403, InvalidRequest, "token_not_exchangeable", "Only an API key can be exchanged for a token.");

    public static ApiError TokensUnavailable { get; } =
        new(503, ServiceUnavailable, "keys_unavailable", "No token can be issued at the moment.") { RetryAfter = TimeSpan.FromSeconds(1) };

    public static ApiError BillingUnavailable { get; } =
        new(503, ServiceUnavailable, "billing_unavailable", "Billing does not answer at the moment.") { RetryAfter = TimeSpan.FromSeconds(1) };

    public static ApiError RoutingUnavailable { get; } =
        new(503, "upstream_error", "no_available_provider", "Routing does not answer at the moment.") { RetryAfter = TimeSpan.FromSeconds(1) };

    public static ApiError HostNotAllowed { get; } =
        new(400, InvalidRequest, "host_not_allowed", "The gateway does not answer under this host name: its operator names those that it has in ALLOWED_HOSTS.");

    public static ApiError InvalidHeader(string name) =>
        new(400, InvalidRequest, "invalid_header", $"The header '{name}' has a control character.") { Param = name };

    public static ApiError ShuttingDown { get; } =
        new(503, ServiceUnavailable, "shutting_down", "This gateway is being stopped. Send the request again.") { RetryAfter = TimeSpan.FromSeconds(1) };

    public static ApiError UnknownPath(string method, string? path) =>
        new(404, InvalidRequest, "not_found", $"There is no {method} {path}.");

    public static ApiError MethodNotAllowed(string method, string? path) =>
        new(405, InvalidRequest, "method_not_allowed", $"{path} does not take {method}.");

    public static ApiError UnknownModel(string model) =>
        new(404, InvalidRequest, "model_not_found", $"There is no model '{model}', or it may not be used with this key.") { Param = "model" };

    public static ApiError ModelNotAllowed(string model) =>
        new(403, InvalidRequest, "model_not_allowed", $"The model '{model}' may not be used with this API key.") { Param = "model" };

    public static ApiError Malformed(int status) => new(status, InvalidRequest, "malformed_request", "The HTTP request is malformed or came too slowly.");

    public static ApiError TooLarge(long limit) =>
        new(413, InvalidRequest, "request_too_large", $"The body is larger than the {limit} bytes that are accepted.");

    public static ApiError UnsupportedMediaType(string what) => new(415, InvalidRequest, "unsupported_media_type", what);

    public static ApiError InvalidCompression { get; } =
        new(400, InvalidRequest, "invalid_compression", "The body is not what its content-encoding says.");

    /// <summary>Line and byte count from 1.</summary>
    public static ApiError InvalidJson(string what, long line, long column) =>
        new(400, InvalidRequest, "invalid_json", $"The body {what}: line {line}, byte {column}.");

    public static ApiError NotStored(string id) =>
        new(404, InvalidRequest, "not_found", $"There is no response '{id}': this gateway stores none.") { Param = "id" };

    public static ApiError Missing(string param) =>
        new(400, InvalidRequest, "missing_required_parameter", $"'{param}' is required.") { Param = param };

    public static ApiError Invalid(string param, string must) =>
        new(400, InvalidRequest, "invalid_value", $"'{param}' must be {must}.") { Param = param };
}

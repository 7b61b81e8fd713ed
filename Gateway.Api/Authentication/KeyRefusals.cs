using LlmGateway.Gateway.Calls;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Authentication;

/// <summary>What a client is told whose key or token is not valid. Why, it is told of a token only: whether a key exists is nobody's business.</summary>
internal static class KeyRefusals
{
    public const string InvalidToken = "invalid_token";

    public static ApiError ToError(RefusalReason reason, bool isToken, AuthOptions options) => isToken || reason == RefusalReason.InvalidToken
        ? new(401, ApiErrors.InvalidRequest, InvalidToken, reason == RefusalReason.Expired ? "The token has expired." : "The token is not valid.")
        : new(options.InvalidKeyStatus, ApiErrors.InvalidRequest, "invalid_api_key", "The API key is not valid.");
}

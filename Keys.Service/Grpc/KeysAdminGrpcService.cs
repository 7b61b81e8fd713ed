using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Keys.Grpc;

/// <summary>Accounts, keys and tariffs for administrators. One file a concern; each method translates, calls and translates.</summary>
internal sealed partial class KeysAdminGrpcService : KeysAdminApi.KeysAdminApiBase;

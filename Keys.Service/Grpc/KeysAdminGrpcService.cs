using LlmGateway.Keys.Accounts;
using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Audit;
using LlmGateway.Keys.Backup;
using LlmGateway.Keys.Tariffs;
using LlmGateway.Keys.Tokens;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Keys.Grpc;

/// <summary>Accounts, keys and tariffs for administrators. One file a concern; each method translates, calls and translates.</summary>
internal sealed partial class KeysAdminGrpcService(
    AccountChanges accountChanges,
    AccountList accountList,
    KeyIssuing keyIssuing,
    KeyImport keyImport,
    KeyRotation keyRotation,
    KeyChanges keyChanges,
    KeyList keyList,
    KeyStats keyStats,
    TariffChanges tariffChanges,
    TariffList tariffList,
    AuditList auditList,
    BackupExport backupExport,
    BackupRestore backupRestore,
    SigningKeys signingKeys) : KeysAdminApi.KeysAdminApiBase;

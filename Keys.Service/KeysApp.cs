using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Backup;
using LlmGateway.Keys.Changes;
using LlmGateway.Keys.Data;
using LlmGateway.Keys.Grpc;
using LlmGateway.Keys.Limits;
using LlmGateway.Keys.Management;
using LlmGateway.Keys.Tokens;
using LlmGateway.Keys.Verification;
using LlmGateway.ServiceDefaults;

namespace LlmGateway.Keys;

internal static class KeysApp
{
    /// <summary>An import of 10,000 keys with long names and descriptions.</summary>
    private const int MaxMessageBytes = 32 * 1024 * 1024;

    // The order is the start's order: no port is opened before the schema is migrated, the configured keys are in it, and Verify has
    // run once. So /ready cannot be true earlier either.
    public static void AddKeys(this IHostApplicationBuilder builder)
    {
        // The one line that shows the generated administrator's key, whatever LOG_LEVEL says: there is no second chance.
        builder.Logging.AddFilter(typeof(AdministratorKey).FullName, LogLevel.Warning);
        builder.AddKeysDatabase();   // Data/
        builder.AddLimits();         // Limits/
        builder.AddApiKeys();        // ApiKeys/
        builder.AddTokens();         // Tokens/
        builder.AddVerification();   // Verification/
        builder.AddChanges();        // Changes/
        builder.AddManagement();     // Management/
        builder.AddBackup();         // Backup/
        builder.AddGrpcDefaults(grpc => grpc.MaxReceiveMessageSize = MaxMessageBytes);   // Grpc/
    }

    public static void MapKeys(this WebApplication app)
    {
        app.MapGrpcService<KeysGrpcService>();
        app.MapGrpcService<KeysAdminGrpcService>();
    }
}

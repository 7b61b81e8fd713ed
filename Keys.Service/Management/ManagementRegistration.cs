using LlmGateway.Keys.Accounts;
using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Audit;
using LlmGateway.Keys.Tariffs;

namespace LlmGateway.Keys.Management;

internal static class ManagementRegistration
{
    public static void AddManagement(this IHostApplicationBuilder builder) => builder.Services
        .AddScoped<Mutations>()
        .AddScoped<AccountChanges>().AddScoped<AccountList>()
        .AddScoped<KeyViews>().AddScoped<KeyIssuing>().AddScoped<KeyImport>().AddScoped<KeyRotation>().AddScoped<KeyChanges>()
        .AddScoped<KeyList>().AddScoped<KeyStats>()
        .AddScoped<TariffViews>().AddScoped<TariffChanges>().AddScoped<TariffList>()
        .AddScoped<AuditList>();
}

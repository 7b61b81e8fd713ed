using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Limits;

namespace LlmGateway.Gateway.Admin;

/// <summary>Management over HTTP, for the command line and the console: operators read, administrators change.</summary>
internal static class AdminRoutes
{
    public static void AddAdmin(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<AdminOptions>().BindConfiguration(AdminOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<AdminEndpoint>();
        builder.Services.AddSingleton<AccountEndpoints>();
        builder.Services.AddSingleton<KeyEndpoints>();
        builder.Services.AddSingleton<KeyLimitEndpoints>();
        builder.Services.AddSingleton<TariffEndpoints>();
        builder.Services.AddSingleton<PriceEndpoints>();
        builder.Services.AddSingleton<BillingQuestion>();
        builder.Services.AddSingleton<AccountCheck>();
        builder.Services.AddSingleton<AlertEndpoints>();
        builder.Services.AddSingleton<UsageEndpoints>();
        builder.Services.AddSingleton<BookingEndpoints>();
        builder.Services.AddSingleton<LedgerEndpoints>();
        builder.Services.AddSingleton<RecordEndpoints>();
        builder.Services.AddSingleton<BackupEndpoint>();
        builder.Services.AddSingleton<RestoreEndpoint>();
        builder.Services.AddSingleton<RoutingQuestion>();
        builder.Services.AddSingleton<DeploymentEndpoints>();
        builder.Services.AddSingleton<CatalogEndpoints>();
        builder.Services.AddSingleton<LogLevelEndpoints>();
    }

    // Each route names the query parameters that it knows; every other one is refused.
    public static void MapAdmin(this IEndpointRouteBuilder routes)
    {
        var admin = new Routes(routes.MapGroup("/admin").WithMetadata(LimitedElsewhere.Metadata), routes.ServiceProvider.GetRequiredService<AdminEndpoint>());
        MapAccounts(admin, routes.ServiceProvider.GetRequiredService<AccountEndpoints>());
        MapKeys(
            admin,
            routes.ServiceProvider.GetRequiredService<KeyEndpoints>(),
            routes.ServiceProvider.GetRequiredService<KeyLimitEndpoints>());
        MapTariffs(admin, routes.ServiceProvider.GetRequiredService<TariffEndpoints>());
        MapPrices(admin, routes.ServiceProvider.GetRequiredService<PriceEndpoints>());
        MapAlerts(admin, routes.ServiceProvider.GetRequiredService<AlertEndpoints>());
        MapUsage(admin, routes.ServiceProvider.GetRequiredService<UsageEndpoints>());
        MapLedger(
            admin, routes.ServiceProvider.GetRequiredService<BookingEndpoints>(), routes.ServiceProvider.GetRequiredService<LedgerEndpoints>());
        MapRecords(
            admin,
            routes.ServiceProvider.GetRequiredService<RecordEndpoints>(),
            routes.ServiceProvider.GetRequiredService<BackupEndpoint>(),
            routes.ServiceProvider.GetRequiredService<RestoreEndpoint>());
        MapDeployments(admin, routes.ServiceProvider.GetRequiredService<DeploymentEndpoints>());
        MapCatalog(admin, routes.ServiceProvider.GetRequiredService<CatalogEndpoints>());
        MapLogLevel(admin, routes.ServiceProvider.GetRequiredService<LogLevelEndpoints>());
    }

    private static void MapAccounts(Routes admin, AccountEndpoints accounts)
    {
        admin.Reads("/accounts", accounts.ListAsync, AdminQuery.Paged);
        admin.Changes("POST", "/accounts", accounts.CreateAsync);
        admin.Reads("/accounts/{id}", accounts.GetAsync);
        admin.Changes("PATCH", "/accounts/{id}", accounts.UpdateAsync);
        admin.Changes("POST", "/accounts/{id}/revoke", accounts.RevokeAsync);
        admin.Changes("POST", "/accounts/{id}/reinstate", accounts.ReinstateAsync);
    }

    private static void MapKeys(Routes admin, KeyEndpoints keys, KeyLimitEndpoints limits)
    {
        admin.Reads("/keys", keys.ListAsync, [.. AdminQuery.Paged, "account", "include_inactive"]);
        admin.Changes("POST", "/keys", keys.IssueAsync);
        admin.Changes("POST", "/keys/import", keys.ImportAsync, "account");
        admin.Reads("/keys/{key}", keys.GetAsync);
        admin.Changes("PATCH", "/keys/{key}", keys.UpdateAsync);
        admin.Changes("POST", "/keys/{key}/revoke", keys.RevokeAsync);
        admin.Changes("POST", "/keys/{key}/rotate", keys.RotateAsync);
        admin.Changes("PUT", "/keys/{key}/limits", limits.ReplaceAsync);
        admin.Changes("PATCH", "/keys/{key}/limits", limits.ChangeAsync);
    }

    private static void MapTariffs(Routes admin, TariffEndpoints tariffs)
    {
        admin.Reads("/tariffs", tariffs.ListAsync, AdminQuery.Paged);
        admin.Changes("POST", "/tariffs", tariffs.CreateAsync);
        admin.Reads("/tariffs/{id}", tariffs.GetAsync);
        admin.Changes("PATCH", "/tariffs/{id}", tariffs.UpdateAsync);
        admin.Changes("POST", "/tariffs/{id}/versions", tariffs.AddVersionAsync);
    }

    private static void MapPrices(Routes admin, PriceEndpoints prices)
    {
        admin.Reads("/prices", prices.ListAsync, [.. AdminQuery.Paged, "provider", "model", "state"]);
        admin.Changes("POST", "/prices", prices.SetAsync);
        admin.Changes("POST", "/prices/rerate", prices.RerateAsync);
        admin.Reads("/prices/{id}", prices.GetAsync);
    }

    private static void MapAlerts(Routes admin, AlertEndpoints alerts)
    {
        admin.Reads("/accounts/{id}/alerts", alerts.GetAsync);
        admin.Changes("PUT", "/accounts/{id}/alerts", alerts.ReplaceAsync);
        admin.Changes("DELETE", "/accounts/{id}/alerts", alerts.DeleteAsync);
    }

    private static void MapUsage(Routes admin, UsageEndpoints usage)
    {
        admin.Reads("/accounts/{id}/usage", usage.OfAccountAsync);
        admin.Reads("/reports/spend", usage.ReportAsync, [.. AdminQuery.Paged, "from", "to", "group_by", "account"]);
    }

    private static void MapLedger(Routes admin, BookingEndpoints bookings, LedgerEndpoints ledger)
    {
        admin.Changes("POST", "/accounts/{id}/top-ups", bookings.TopUpAsync);
        admin.Changes("POST", "/accounts/{id}/adjustments", bookings.AdjustAsync);
        admin.Changes("PUT", "/accounts/{id}/overdraft", bookings.SetOverdraftAsync);
        admin.Changes("POST", "/generations/{id}/refunds", bookings.RefundAsync);
        admin.Reads("/ledger/verify", ledger.VerifyAsync);
    }

    private static void MapRecords(Routes admin, RecordEndpoints records, BackupEndpoint backup, RestoreEndpoint restore)
    {
        admin.Reads("/audit", records.AuditAsync, AdminQuery.Paged);
        admin.Reads("/stats", records.StatsAsync);
        admin.Changes("POST", "/signing-keys/rotate", records.RotateSigningKeyAsync);

        // Read, but with hashes in it: for those only who could change the keys themselves.
        admin.Changes("GET", "/backup", backup.ExportAsync);
        admin.Changes("POST", "/restore", restore.RestoreAsync, "overwrite", "dry_run");
    }

    private static void MapDeployments(Routes admin, DeploymentEndpoints deployments)
    {
        admin.Reads("/deployments", deployments.ListAsync);
        admin.Reads("/deployments/{id}", deployments.GetAsync);
        admin.Changes("POST", "/deployments/{id}/cooldown", deployments.CoolAsync);
        admin.Changes("DELETE", "/deployments/{id}/cooldown", deployments.ClearAsync);
    }

    private static void MapCatalog(Routes admin, CatalogEndpoints catalog)
    {
        admin.Reads("/models", catalog.ListAsync);
        admin.Reads("/models/{id}", catalog.GetAsync);
        admin.Changes("PUT", "/models/{id}", catalog.SetAsync);
        admin.Changes("DELETE", "/models/{id}", catalog.RemoveAsync);
        admin.Changes("POST", "/models/import", catalog.ImportAsync, "dry_run");
        admin.Changes("POST", "/deployments", catalog.AddDeploymentAsync);
        admin.Changes("PATCH", "/deployments/{id}", catalog.ChangeDeploymentAsync);
        admin.Changes("DELETE", "/deployments/{id}", catalog.RemoveDeploymentAsync);

        // Shows what providers cost us.
        admin.Changes("POST", "/explain", catalog.ExplainAsync);
    }

    private static void MapLogLevel(Routes admin, LogLevelEndpoints levels)
    {
        admin.Reads("/log-level", levels.GetAsync);
        admin.Changes("PUT", "/log-level", levels.SetAsync);
    }

    private sealed class Routes(IEndpointRouteBuilder group, AdminEndpoint endpoint)
    {
        public void Reads(string path, Func<HttpContext, Task<AdminAnswer>> handle, params string[] query) =>
            Map("GET", path, handle, query, Policies.AdminRead);

        public void Changes(string method, string path, Func<HttpContext, Task<AdminAnswer>> handle, params string[] query) =>
            Map(method, path, handle, query, Policies.Admin);

        private void Map(string method, string path, Func<HttpContext, Task<AdminAnswer>> handle, string[] query, string policy) =>
            group.MapMethods(path, [method], endpoint.Handle(handle, query)).RequireAuthorization(policy);
    }
}

using System.Text.Json;
using System.Text.Json.Serialization;

namespace LlmGateway.Gateway.Admin;

[JsonSerializable(typeof(AccountBody))]
[JsonSerializable(typeof(ListBody<AccountBody>))]
[JsonSerializable(typeof(NewAccountBody))]
[JsonSerializable(typeof(AccountChangesBody))]
[JsonSerializable(typeof(KeyBody))]
[JsonSerializable(typeof(ListBody<KeyBody>))]
[JsonSerializable(typeof(NewKeyBody))]
[JsonSerializable(typeof(KeyChangesBody))]
[JsonSerializable(typeof(LimitsBody))]
[JsonSerializable(typeof(RotationBody))]
[JsonSerializable(typeof(ImportEntryBody))]
[JsonSerializable(typeof(TariffBody))]
[JsonSerializable(typeof(ListBody<TariffBody>))]
[JsonSerializable(typeof(NewTariffBody))]
[JsonSerializable(typeof(NewTariffVersionBody))]
[JsonSerializable(typeof(TariffChangesBody))]
[JsonSerializable(typeof(PriceBody))]
[JsonSerializable(typeof(ListBody<PriceBody>))]
[JsonSerializable(typeof(NewPriceBody))]
[JsonSerializable(typeof(RerateBody))]
[JsonSerializable(typeof(ReratedBody))]
[JsonSerializable(typeof(DeploymentBody))]
[JsonSerializable(typeof(ListBody<DeploymentBody>))]
[JsonSerializable(typeof(NewCooldownBody))]
[JsonSerializable(typeof(NewAlertsBody))]
[JsonSerializable(typeof(AccountAlertsBody))]
[JsonSerializable(typeof(AccountUsageBody))]
[JsonSerializable(typeof(ListBody<SpendBody>))]
[JsonSerializable(typeof(NewBookingBody))]
[JsonSerializable(typeof(BookingBody))]
[JsonSerializable(typeof(NewOverdraftBody))]
[JsonSerializable(typeof(OverdraftBody))]
[JsonSerializable(typeof(VerificationBody))]
[JsonSerializable(typeof(StatsBody))]
[JsonSerializable(typeof(ListBody<AuditBody>))]
[JsonSerializable(typeof(SigningKeyBody))]
[JsonSerializable(typeof(RestoreBody))]
[JsonSerializable(typeof(CatalogModelBody))]
[JsonSerializable(typeof(ListBody<CatalogModelBody>))]
[JsonSerializable(typeof(CatalogDeploymentBody))]
[JsonSerializable(typeof(DeploymentChangesBody))]
[JsonSerializable(typeof(NewImportBody))]
[JsonSerializable(typeof(ImportedBody))]
[JsonSerializable(typeof(ExplainBody))]
[JsonSerializable(typeof(RemovedBody))]
[JsonSerializable(typeof(NewLogLevelBody))]
[JsonSerializable(typeof(LogLevelsBody))]
internal sealed partial class AdminJson : JsonSerializerContext
{
    public static AdminJson Wire { get; } = new(new JsonSerializerOptions(JsonAnswer.Options));

    /// <summary>What clients send: nothing unknown, nothing twice, names in their one spelling.</summary>
    public static AdminJson Read { get; } = new(new JsonSerializerOptions(JsonAnswer.Options)
    {
        AllowDuplicateProperties = false,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new TextField(), new WholeNumberField(), new TimeField(), new TextListField(), new LabelsField() },
    });
}

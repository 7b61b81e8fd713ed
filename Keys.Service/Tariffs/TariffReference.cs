using LlmGateway.Keys.Data;
using LlmGateway.Keys.Management;
using LlmGateway.Protos.Keys.V1;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Tariffs;

/// <summary>A tariff that a key or an account names; empty for none.</summary>
internal static class TariffReference
{
    public static Fields OptionalTariff(this Fields fields, string id) => id.Length == 0 ? fields : fields.TariffId("tariff", id);

    public static string? OrNull(string id) => id.Length == 0 ? null : id;

    public static async Task<Rejection?> MissingAsync(KeysDbContext db, string id, CancellationToken cancellationToken) =>
        id.Length == 0 || await db.Tariffs.AnyAsync(tariff => tariff.Id == id, cancellationToken)
            ? null
            : Refused.NotFound("tariff", "no tariff has this id.");
}

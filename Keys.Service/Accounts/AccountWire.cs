using LlmGateway.Keys.Management;

namespace LlmGateway.Keys.Accounts;

internal static class AccountWire
{
    public static Protos.Keys.V1.Account ToProto(this Account account) => new()
    {
        Id = account.Id,
        Description = account.Description,
        Tariff = account.TariffId ?? "",
        Labels = { account.Labels },
        CreatedAt = Moment.ToProto(account.CreatedAt),
        RevokedAt = Moment.ToProto(account.RevokedAt),
    };
}

using Grpc.Core;
using LlmGateway.Keys.Management;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Keys.Grpc;

internal sealed partial class KeysAdminGrpcService
{
    public override async Task<TariffReply> CreateTariff(CreateTariffRequest request, ServerCallContext context) =>
        Reply(await tariffChanges.CreateAsync(request, context.CancellationToken));

    public override async Task<TariffReply> UpdateTariff(UpdateTariffRequest request, ServerCallContext context) =>
        Reply(await tariffChanges.UpdateAsync(request, context.CancellationToken));

    public override async Task<TariffReply> AddTariffVersion(AddTariffVersionRequest request, ServerCallContext context) =>
        Reply(await tariffChanges.AddVersionAsync(request, context.CancellationToken));

    public override async Task<TariffReply> GetTariff(GetTariffRequest request, ServerCallContext context) =>
        Reply(await tariffList.GetAsync(request.Id, context.CancellationToken));

    public override Task<ListTariffsReply> ListTariffs(ListRequest request, ServerCallContext context) =>
        tariffList.ListAsync(request, context.CancellationToken);

    private static TariffReply Reply(Outcome<Tariff> outcome) => outcome.Value is { } tariff
        ? new TariffReply { Tariff = tariff }
        : new TariffReply { Rejection = outcome.Rejection };
}

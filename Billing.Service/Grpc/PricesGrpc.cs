using Grpc.Core;
using LlmGateway.Billing.Pricing;
using LlmGateway.Protos.Billing.V1;
using PriceVersion = LlmGateway.Protos.Billing.V1.PriceVersion;

namespace LlmGateway.Billing.Grpc;

/// <summary>Translate, call, translate.</summary>
internal sealed class PricesGrpc(PriceList list, Rerater rerater, TimeProvider time) : PricesApi.PricesApiBase
{
    private const int DefaultLimit = 50;
    private const int MostListed = 200;

    private static readonly string[] States = ["in_force", "planned", "overridden", "withdrawn", "past"];

    public override async Task<ListPricesReply> ListPrices(ListPricesRequest request, ServerCallContext context)
    {
        var limit = request.Limit == 0 ? DefaultLimit : (int)Fields.InRange("limit", request.Limit, 1, MostListed);
        var which = new ListedPrices(
            Optional("provider", request.Provider),
            Optional("model", request.Model),
            request.State.Length == 0 || States.Contains(request.State)
                ? Optional("state", request.State)
                : throw Fields.Invalid("state", $"must be one of {string.Join(", ", States)}."),
            PriceMessages.Cursor(request.Cursor));
        var found = await list.ListAsync(which, limit + 1, context.CancellationToken);
        var page = found.Take(limit).ToList();
        return new()
        {
            Prices = { page.Select(PriceMessages.ToMessage) },
            NextCursor = found.Count > limit ? PriceMessages.Cursor(page[^1].Id) : "",
        };
    }

    public override async Task<PriceVersion> GetPrice(GetPriceRequest request, ServerCallContext context)
    {
        var found = await list.ListAsync(new(null, null, null, Id: request.Id), most: 1, context.CancellationToken);
        return found is [var version]
            ? version.ToMessage()
            : throw new RpcException(new Status(StatusCode.NotFound, "No price version has this id."));
    }

    public override async Task<PriceVersion> SetPrice(SetPriceRequest request, ServerCallContext context)
    {
        var price = Fields.Present("price", request.Price);
        var model = new PricedModel(Fields.Name("price.provider", price.Provider), Fields.Name("price.model", price.Model));
        var stated = PriceRequests.Read(price, "price");
        if (stated.Usable is null && stated.SameAs is null && stated != AnnouncedPrices.None)
        {
            throw Fields.Invalid(price.HasInput ? "price.output" : "price.input", "is missing.");
        }

        DateTimeOffset? from = request.EffectiveFrom is null ? null : Fields.Time("effective_from", request.EffectiveFrom);
        if (from < time.GetUtcNow())
        {
            throw Fields.Invalid("effective_from", "must not be in the past.");
        }

        var set = await list.SetAsync(
            model, stated, from, Optional("source_name", request.SourceName), request.Actor?.Read("actor"), context.CancellationToken);
        return set?.ToMessage() ?? throw Fields.Invalid("price", "has nothing to withdraw.");
    }

    public override async Task<RerateReply> Rerate(RerateRequest request, ServerCallContext context)
    {
        var from = Fields.Time("from", Fields.Present("from", request.From));
        var to = Fields.Time("to", Fields.Present("to", request.To));
        if (from >= to)
        {
            throw Fields.Invalid("to", "must be later than from.");
        }

        PricedModel? model = request.Model is { } named
            ? new(Fields.Name("model.provider", named.Provider), Fields.Name("model.model", named.Model))
            : null;
        var done = await rerater.RunAsync(
            new(from, to, model, request.DryRun, PriceMessages.ChargeCursor(request.Cursor)), context.CancellationToken);
        return done.ToMessage();
    }

    private static string? Optional(string field, string value) => value.Length == 0 ? null : Fields.Name(field, value);
}

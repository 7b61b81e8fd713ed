using Grpc.Core;
using LlmGateway.Gateway.Calls;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Gateway.Admin;

/// <summary>/admin/ledger/verify</summary>
internal sealed class LedgerEndpoints(LedgerApi.LedgerApiClient ledger, BillingQuestion billing)
{
    private static readonly ApiError TooLong = new(
        StatusCodes.Status504GatewayTimeout, ApiErrors.ServerError, "verification_timeout",
        "The ledger was not verified within the time that Billing__VerifySeconds allows.");

    public Task<AdminAnswer> VerifyAsync(HttpContext context) => billing.AskAsync(context, async () => await VerifyAsync(context.RequestAborted));

    private async Task<AdminAnswer> VerifyAsync(CancellationToken cancellationToken)
    {
        try
        {
            return AdminAnswer.Of(VerificationBody.From(await ledger.VerifyAsync(new(), cancellationToken: cancellationToken)), AdminJson.Wire.VerificationBody);
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.DeadlineExceeded)
        {
            return TooLong;
        }
    }
}

/// <summary>What a verification of the whole ledger found.</summary>
/// <param name="Passed">There is no difference.</param>
/// <param name="Differences">The first hundred; the checks have their numbers.</param>
internal sealed record VerificationBody(
    string Object, bool Passed, IReadOnlyList<CheckBody> Checks, IReadOnlyList<DifferenceBody> Differences, DateTime? VerifiedAt, int DurationMs)
{
    public static VerificationBody From(VerifyLedgerReply reply) => new(
        "verification",
        reply.Checks.All(check => check.Differences == 0),
        [.. reply.Checks.Select(check => new CheckBody(check.Name, check.Examined, check.Differences))],
        [.. reply.Differences.Select(found => new DifferenceBody(found.Check, found.Subject, found.Detail))],
        TimeField.ToJson(reply.VerifiedAt),
        reply.DurationMs);
}

internal sealed record CheckBody(string Name, long Examined, long Differences);

/// <param name="Subject">The id of the account, transaction or call.</param>
internal sealed record DifferenceBody(string Check, string Subject, string Detail);

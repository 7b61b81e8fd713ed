using Grpc.Core;
using LlmGateway.Keys.Accounts;
using LlmGateway.Keys.Management;
using LlmGateway.Protos.Keys.V1;
using Account = LlmGateway.Keys.Accounts.Account;

namespace LlmGateway.Keys.Grpc;

internal sealed partial class KeysAdminGrpcService
{
    public override async Task<AccountReply> CreateAccount(CreateAccountRequest request, ServerCallContext context) =>
        Reply(await accountChanges.CreateAsync(request, context.CancellationToken));

    public override async Task<AccountReply> UpdateAccount(UpdateAccountRequest request, ServerCallContext context) =>
        Reply(await accountChanges.UpdateAsync(request, context.CancellationToken));

    public override async Task<AccountReply> SetAccountRevoked(SetAccountRevokedRequest request, ServerCallContext context) =>
        Reply(await accountChanges.SetRevokedAsync(request, context.CancellationToken));

    public override async Task<AccountReply> GetAccount(GetAccountRequest request, ServerCallContext context) =>
        Reply(await accountList.GetAsync(request.Id, context.CancellationToken));

    public override Task<ListAccountsReply> ListAccounts(ListRequest request, ServerCallContext context) =>
        accountList.ListAsync(request, context.CancellationToken);

    public override Task<ListAuditReply> ListAudit(ListRequest request, ServerCallContext context) =>
        auditList.ListAsync(request, context.CancellationToken);

    private static AccountReply Reply(Outcome<Account> outcome) => outcome.Value is { } account
        ? new AccountReply { Account = account.ToProto() }
        : new AccountReply { Rejection = outcome.Rejection };
}

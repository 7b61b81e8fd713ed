using System.Security.Claims;
using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Tests.Hosting;
using LlmGateway.Protos.Keys.V1;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Gateway.Tests.Authentication;

[Collection(GatewayCollection.Name)]
public sealed class PoliciesTests(GatewayHost gateway)
{
    [Theory]
    [InlineData("admin", Role.Administrator)]
    [InlineData("admin-read", Role.Administrator, Role.Operator)]
    public async Task A_policy_lets_its_roles_in_and_no_other(string policy, params Role[] roles)
    {
        var authorization = gateway.Services.GetRequiredService<IAuthorizationService>();

        foreach (var role in Enum.GetValues<Role>())
        {
            var user = new ClaimsPrincipal(new CallerIdentity(Caller.From(new VerifiedKey { AccountId = "a", KeyId = "k", MaskedKey = "sk-...", Role = role })));
            (await authorization.AuthorizeAsync(user, policy)).Succeeded.ShouldBe(roles.Contains(role), $"{role}");
        }

        (await authorization.AuthorizeAsync(new ClaimsPrincipal(new ClaimsIdentity()), policy)).Succeeded.ShouldBeFalse();
    }
}

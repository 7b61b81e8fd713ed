using LlmGateway.Protos.Keys.V1;
using Microsoft.AspNetCore.Authorization;

namespace LlmGateway.Gateway.Authentication;

/// <summary>Names for RequireAuthorization. A route without one takes every valid key.</summary>
internal static class Policies
{
    /// <summary>Changes something: administrators.</summary>
    public const string Admin = "admin";

    /// <summary>Reads what is everybody's: administrators and operators.</summary>
    public const string AdminRead = "admin-read";

    /// <summary>Sees how the parts of the system are: also services of the operator's own.</summary>
    public const string HealthDetails = "health-details";

    public static AuthorizationPolicy Of(params Role[] roles) => new AuthorizationPolicyBuilder()
        .RequireAuthenticatedUser()
        .RequireAssertion(context => context.User.Identity is CallerIdentity identity && roles.Contains(identity.Caller.Role))
        .Build();
}

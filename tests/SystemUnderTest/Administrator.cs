using System.Net.Http.Json;
using System.Text.Json;

namespace LlmGateway.SystemUnderTest;

/// <summary>What the tests ask of /admin.</summary>
public static class Administrator
{
    /// <summary>A new key of an account, which is made if there is none.</summary>
    public static async Task<string> IssueKeyAsync(GatewaySystem system, string account)
    {
        using var http = system.Client(GatewaySystem.AdminKey);
        using var response = await http.PostAsJsonAsync("/admin/keys", new { name = account, account_id = account });
        var body = await response.Content.ReadFromJsonAsync<JsonElement>();
        return response.IsSuccessStatusCode
            ? body.GetProperty("secret").GetString()!
            : throw new InvalidOperationException($"No key for {account}: {body}");
    }
}

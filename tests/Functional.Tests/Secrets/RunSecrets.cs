using System.Security.Cryptography;
using System.Text;

namespace LlmGateway.Functional.Tests.Secrets;

/// <summary>Everything of one run that nothing may write down. Random to the last character, so that any piece found is a leak.</summary>
internal sealed record RunSecrets
{
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>ALLOWED_API_KEYS takes any form. No character of it is escaped in a path.</summary>
    public string Configured { get; } = $"{Text(9)}.{Text(8)}~{Text(9)}!{Text(8)}$";

    /// <summary>Configured too: a UUID.</summary>
    public string Uuid { get; } = new Guid(RandomNumberGenerator.GetBytes(16)).ToString();

    public string Administrator { get; } = "adm-" + Text(40);

    public string Internal { get; } = "int-" + Text(40);

    public string JwtKey { get; } = Text(48);

    public string Provider { get; } = "sk-proj-" + Text(48);

    /// <summary>Of another gateway altogether, so that nothing here can know it.</summary>
    public string Foreign { get; } = "llmgw_" + Text(52);

    /// <summary>As a JWT looks.</summary>
    public string Token { get; } = $"eyJ{Text(30)}.eyJ{Text(60)}.{Text(43)}";

    public string Prompt { get; } = "prompt " + Text(60);

    public string Answer { get; } = "answer " + Text(60);

    /// <summary>Keys that a client might paste somewhere.</summary>
    public IEnumerable<string> Pasted => [Configured, Uuid, Administrator, Internal, Foreign, Token];

    public IEnumerable<string> All => [.. Pasted, JwtKey, Provider, Prompt, Answer];

    public static string Text(int length)
    {
        var text = new StringBuilder(length);
        for (var i = 0; i < length; i++)
        {
            text.Append(Letters[RandomNumberGenerator.GetInt32(Letters.Length)]);
        }

        return text.ToString();
    }
}

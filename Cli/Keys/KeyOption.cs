using System.CommandLine;
using LlmGateway.Gateway.Admin;

namespace LlmGateway.Cli.Keys;

/// <summary>--key: an id or a name, never the secret, which would end up in the shell's history and in addresses.</summary>
internal static class KeyOption
{
    public static Option<string> Make() => new("--key") { Description = "The key's id or name (not the secret).", HelpName = "id or name", Required = true };

    /// <summary>/admin/keys/{key} for the key that was named.</summary>
    public static string Path(ParseResult parsed, Option<string> option)
    {
        var key = parsed.GetRequiredValue(option);
        return key.Length > 0 && !SecretShape.Fits(key)
            ? $"/admin/keys/{Uri.EscapeDataString(key)}"
            : throw new FailedException(
                "--key takes a key's id or name. What was given is empty or looks like a secret: take the id from llmgw list-keys. A secret that was "
                + "typed is in the shell's history now.");
    }
}

using System.CommandLine;
using System.Text.Json;
using LlmGateway.Cli.Output;
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
        if (key is "." or "..")
        {
            throw new FailedException("--key: a key of this name has no address of its own. Take its id from llmgw list-keys.");
        }

        return key.Length > 0 && !SecretShape.Fits(key)
            ? $"/admin/keys/{Uri.EscapeDataString(key)}"
            : throw new FailedException(
                "--key takes a key's id or name. What was given is empty or looks like a secret: take the id from llmgw list-keys. A secret that was "
                + "typed is in the shell's history now.");
    }

    /// <summary>Of the very key that was shown: another may have its name by now.</summary>
    public static string Path(JsonElement key) => $"/admin/keys/{Uri.EscapeDataString(key.Text("id"))}";
}

using System.CommandLine;
using LlmGateway.Cli.Output;

namespace LlmGateway.Cli;

/// <summary>--force, of the commands that destroy something.</summary>
internal static class ForceOption
{
    public static Option<bool> Make() => new("--force") { Description = "Does not ask." };

    /// <summary>Where nobody can be asked, it says so before anything else is done.</summary>
    public static void Demand(bool force)
    {
        if (!force)
        {
            Question.DemandTerminal();
        }
    }
}

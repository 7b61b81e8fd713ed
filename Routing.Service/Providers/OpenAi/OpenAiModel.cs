using System.Globalization;
using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Providers.OpenAi;

/// <summary>
/// What OpenAI's chat endpoint takes from a client of one of its reasoning models; for the others, and on other servers, everything stands.
/// Names that are not known yet have the rules of the newest model. Sources: the types of openai-node 7, and
/// platform.openai.com/docs/guides/reasoning.
/// </summary>
/// <param name="Efforts">Values of reasoning_effort, in rising order.</param>
/// <param name="Tools">How functions and reasoning go together.</param>
internal sealed record OpenAiModel(IReadOnlyList<string> Efforts, OpenAiModel.ToolRule Tools)
{
    public const string NoEffort = "none";

    private static readonly string[] AllEfforts = [NoEffort, "minimal", "low", "medium", "high", "xhigh", "max"];

    private static readonly OpenAiModel OSeries = new(["low", "medium", "high"], ToolRule.Free);
    private static readonly OpenAiModel Gpt5 = new(["minimal", "low", "medium", "high"], ToolRule.Free);
    private static readonly OpenAiModel Gpt51 = new([NoEffort, "low", "medium", "high"], ToolRule.Free);
    private static readonly OpenAiModel Gpt52 = new([NoEffort, "low", "medium", "high", "xhigh"], ToolRule.Free);
    private static readonly OpenAiModel Gpt54 = new([NoEffort, "low", "medium", "high", "xhigh"], ToolRule.NoneIfAny);
    private static readonly OpenAiModel Gpt56 = new([NoEffort, "low", "medium", "high", "xhigh", "max"], ToolRule.NoneAlways);
    private static readonly OpenAiModel Gpt6 = new(["low", "medium", "high", "xhigh", "max"], ToolRule.Free);

    /// <summary>How functions and reasoning go together on the chat endpoint. (On Responses they always do.)</summary>
    internal enum ToolRule
    {
        Free,

        /// <summary>An effort beside tools must be none; where it is left out it is that.</summary>
        NoneIfAny,

        /// <summary>Tools need the effort none to be written out.</summary>
        NoneAlways,
    }

    /// <summary>Null where nothing differs from what clients know.</summary>
    public static OpenAiModel? Of(Deployment deployment) => deployment.Provider is ProviderName.OpenAi or ProviderName.Azure
        ? Of(deployment.PricedAs?.Model ?? deployment.UpstreamModel)
        : null;

    public static OpenAiModel? Of(string name)
    {
        if (name.StartsWith('o') && name.Length > 1 && char.IsAsciiDigit(name[1]))
        {
            return OSeries;
        }

        // gpt-5, gpt-5-mini, gpt-5.4-nano-2026-03-05, but not gpt-5-chat-latest, gpt-4o, gpt-oss-120b
        var version = name.StartsWith("gpt-", StringComparison.Ordinal) && !name.Contains("-chat", StringComparison.Ordinal) ? name.AsSpan(4) : [];
        version = version.IndexOf('-') is >= 0 and var end ? version[..end] : version;
        return decimal.TryParse(version, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? OfVersion(number) : null;
    }

    /// <summary>The effort to ask for.</summary>
    /// <param name="asked">The client's; null without one. One that no model has stays, for the provider to refuse.</param>
    /// <param name="hasTools">Functions are beside it.</param>
    /// <returns>Null for the model's own default.</returns>
    public string? Effort(string? asked, bool hasTools)
    {
        if (hasTools && (Tools == ToolRule.NoneAlways || (Tools == ToolRule.NoneIfAny && asked is not null)))
        {
            return NoEffort;
        }

        var place = Array.IndexOf(AllEfforts, asked);
        return place < 0 || Efforts.Contains(asked!) ? asked : Efforts.MinBy(effort => Math.Abs(Array.IndexOf(AllEfforts, effort) - place));
    }

    private static OpenAiModel? OfVersion(decimal version) => version switch
    {
        < 5 => null,
        < 5.1m => Gpt5,
        < 5.2m => Gpt51,
        < 5.4m => Gpt52,
        < 5.6m => Gpt54,
        < 6 => Gpt56,
        _ => Gpt6,
    };
}

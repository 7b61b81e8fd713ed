using System.Text.Json;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Routing.Catalog;

/// <summary>What a model can be asked for.</summary>
internal enum ModelMode
{
    Chat,
    Completion,
    Embedding,
    Responses,
}

internal enum DeploymentSource
{
    File,
    Added,
    Discovered,
}

/// <summary>What is done when a stream breaks off after content was sent.</summary>
internal enum Rescue
{
    /// <summary>The client gets an error in its stream.</summary>
    Error,

    /// <summary>The next candidate is asked, and its answer goes on where the first broke off, if it begins with the same text or continues it.</summary>
    Resume,

    /// <summary>Nothing is sent before the answer is whole, so that any failure can be hidden; the client gets it all at once.</summary>
    Buffer,
}

/// <summary>One place where a model runs: a provider, its name of the model, an address and a key.</summary>
internal sealed record Deployment
{
    /// <summary>Unique in its snapshot: "openai/gpt-4o", with "#2", … for further ones of the same provider and model.</summary>
    public required string Id { get; init; }

    /// <summary>The model's name in the catalogue.</summary>
    public required string ModelName { get; init; }

    /// <summary>The provider by name, as prices, headers and metrics have it.</summary>
    public required string Provider { get; init; }

    /// <summary>The provider's name of the model.</summary>
    public required string UpstreamModel
    {
        get;
        init => (field, UpstreamModelJson) = (value, JsonEncodedText.Encode(value));
    }

    /// <summary>The same as each call's body has it, without quotes: encoded once per deployment.</summary>
    public JsonEncodedText UpstreamModelJson { get; private init; }

    /// <summary>The name of the adapter that speaks the provider's wire.</summary>
    public required string Adapter { get; init; }

    /// <summary>The API's root, with a slash at the end. Null where the adapter needs none.</summary>
    public Uri? BaseAddress { get; init; }

    /// <summary>The keys of the account there, to be used in turn. Empty where the provider asks for none.</summary>
    public IReadOnlyList<ProviderKey> Keys { get; init; } = [];

    /// <summary>The key that one call uses: of <see cref="Keys"/>, the first unless another was chosen.</summary>
    public ProviderKey? Key
    {
        get => field ?? (Keys.Count > 0 ? Keys[0] : null);
        init;
    }

    /// <summary>Of Azure's dated API; null elsewhere.</summary>
    public string? ApiVersion { get; init; }

    /// <summary>Until the first byte of an answer, before which a plain one is all written; null where Calls:FirstByteTimeout and
    /// Calls:PlainFirstByteTimeout count.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Until a stream's first content, in place of Calls:FirstTokenTimeout; null where that counts.</summary>
    public TimeSpan? FirstTokenTimeout { get; init; }

    /// <summary>Where it comes from: the file, an administrator, or a server's list.</summary>
    public DeploymentSource Source { get; init; }

    /// <summary>False: an administrator keeps calls away until further notice.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>An administrator's changes are in it.</summary>
    public bool Changed { get; init; }

    /// <summary>The share of calls among the deployments of one model.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>Deployments of a lower order are tried first, whatever the policy; those without one last.</summary>
    public int Order { get; init; } = int.MaxValue;

    /// <summary>What the provider lets through; null when unknown.</summary>
    public long? RequestsPerMinute { get; init; }

    /// <summary>Prompt and output together.</summary>
    public long? TokensPerMinute { get; init; }

    /// <summary>How often a failed call to it is repeated; null where the gateway's own setting counts.</summary>
    public int? Retries { get; init; }

    /// <summary>Failures that it may have before it rests, of so many calls as <see cref="Health.OutcomeWindow"/> looks at; null likewise.</summary>
    public int? AllowedFails { get; init; }

    /// <summary>How long it rests after those; null likewise.</summary>
    public TimeSpan? Cooldown { get; init; }

    public ModelMode Mode { get; init; }

    /// <summary>The model continues a text when the last message is the beginning of its answer.</summary>
    public bool Prefill { get; init; }

    /// <summary>Null when unknown.</summary>
    public long? MaxOutputTokens { get; init; }

    /// <summary>What the catalogue says; null leaves it to Billing, which has prices of its own and refuses the call if it has none.</summary>
    public TokenPrices? Prices { get; init; }

    /// <summary>The model whose prices are meant, where it is another one.</summary>
    public ModelName? PricedAs { get; init; }

    /// <summary>A field that the provider cannot do is left out; otherwise the call is refused and the field named.</summary>
    public bool DropParams { get; init; }

    public Candidate ToCandidate() => new() { Deployment = Id, Provider = Provider, Model = UpstreamModel };
}

/// <summary>A model that clients can ask for, with the deployments that can serve it now: one at least.</summary>
internal sealed record CatalogModel(string Name, IReadOnlyList<Deployment> Deployments)
{
    public string OwnedBy => Deployments[0].Provider;

    /// <summary>An administrator's rules are in it.</summary>
    public bool Changed { get; init; }

    /// <summary>How its deployments are ordered; null where the catalogue's strategy counts.</summary>
    public string? Strategy { get; init; }

    /// <summary>Names of models that are tried in turn when every deployment of this one has failed.</summary>
    public IReadOnlyList<string> Fallbacks { get; init; } = [];

    /// <summary>The same for a prompt that is too long for this one.</summary>
    public IReadOnlyList<string> ContextWindowFallbacks { get; init; } = [];

    /// <summary>The same for a request that this one's content policy refuses.</summary>
    public IReadOnlyList<string> ContentPolicyFallbacks { get; init; } = [];

    /// <summary>A stream that is slow to begin may be asked for at a second deployment too; the faster one answers.</summary>
    public bool Hedge { get; init; }

    /// <summary>What is done when one of its streams breaks off.</summary>
    public Rescue Rescue { get; init; }

    /// <summary>The most that any deployment puts out; null when none says.</summary>
    public long? MaxOutputTokens => Deployments.Max(deployment => deployment.MaxOutputTokens);
}

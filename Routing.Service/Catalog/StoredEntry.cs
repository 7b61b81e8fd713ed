namespace LlmGateway.Routing.Catalog;

internal enum StoredKind
{
    /// <summary>A deployment: an item of model_list as JSON, by its id.</summary>
    Deployment,

    /// <summary>Changes of a deployment of the file, or of one that a server lists, by its id.</summary>
    Change,

    /// <summary>Rules of a model, by its name.</summary>
    Model,
}

/// <summary>What an administrator changed of the catalogue.</summary>
/// <param name="Body">JSON, with the keys of the file.</param>
internal sealed record StoredEntry(StoredKind Kind, string Name, string Body);

/// <summary>What an administrator changed of one deployment; null stays as it is.</summary>
internal sealed record DeploymentChange(double? Weight, int? Order, long? Rpm, long? Tpm, bool? Enabled)
{
    public Deployment ApplyTo(Deployment deployment) => deployment with
    {
        Weight = Weight ?? deployment.Weight,
        Order = Order ?? deployment.Order,
        RequestsPerMinute = Rpm ?? deployment.RequestsPerMinute,
        TokensPerMinute = Tpm ?? deployment.TokensPerMinute,
        Enabled = Enabled ?? deployment.Enabled,
        Changed = true,
    };
}

using System.ComponentModel.DataAnnotations;

namespace LlmGateway.Routing.Catalog;

/// <summary>Section "Catalog".</summary>
internal sealed class CatalogOptions
{
    /// <summary>The catalogue file instead of the shipped one (MODELS_FILE). A relative path starts at the working folder.</summary>
    public string File { get; set; } = "";

    /// <summary>The model of a request that names none (DEFAULT_MODEL); else LLM_SERVER_URL's first, else gpt-3.5-turbo.</summary>
    public string DefaultModel { get; set; } = "";

    /// <summary>How often the models of LLM_SERVER_URL and LITELLM_PROXY_URL are read again.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan DiscoveryInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The folder of the keys that administrators may refer to as file:PATH. What the file itself refers to may be anywhere.</summary>
    public string KeysFolder { get; set; } = "/run/secrets";

    /// <summary>How often the file is looked at for a change.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan ReloadInterval { get; set; } = TimeSpan.FromSeconds(2);
}

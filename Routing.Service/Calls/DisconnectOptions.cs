using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace LlmGateway.Routing.Calls;

internal enum DisconnectMode
{
    /// <summary>The provider's work ends at once. Some bill the whole answer nevertheless, and none says what it bills then.</summary>
    Cancel,

    /// <summary>The answer is read to its end, so that the provider's own figures are charged.</summary>
    Drain,
}

/// <summary>What becomes of an answer whose client left.</summary>
internal class DisconnectPolicy
{
    [EnumDataType(typeof(DisconnectMode))]
    public DisconnectMode Mode { get; set; } = DisconnectMode.Cancel;

    /// <summary>How long a drain may take, from the client's leaving.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan MaxTime { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>What a drain may cost the customer, in USD, by the hold's price of a token, which includes the prompt's. Unset is no limit but the hold's.</summary>
    [Range(0, 1_000_000)]
    public decimal? MaxUsd { get; set; }
}

/// <summary>Section "Disconnect": for all providers, and by name for some.</summary>
internal sealed class DisconnectOptions : DisconnectPolicy
{
    /// <summary>Drains at one time; a client that leaves beyond them ends its provider's work.</summary>
    [Range(0, 100_000)]
    public int MaxAtOnce { get; set; } = 100;

    /// <summary>By the provider's name: anthropic, openai, …</summary>
    public Dictionary<string, DisconnectPolicy> Providers { get; } = new(StringComparer.OrdinalIgnoreCase);
}

internal sealed class DisconnectOptionsValidator : IValidateOptions<DisconnectOptions>
{
    public ValidateOptionsResult Validate(string? name, DisconnectOptions options)
    {
        var errors = new ValidateOptionsResultBuilder();
        foreach (var (provider, policy) in options.Providers)
        {
            var found = new List<ValidationResult>();
            Validator.TryValidateObject(policy, new ValidationContext(policy), found, validateAllProperties: true);
            found.ForEach(error => errors.AddError($"Disconnect:Providers:{provider}: {error.ErrorMessage}"));
        }

        return errors.Build();
    }
}

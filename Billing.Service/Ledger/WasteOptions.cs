using System.ComponentModel.DataAnnotations;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Billing.Ledger;

/// <summary>Who pays for what a provider bills. What the platform pays is booked as provider cost all the same.</summary>
internal enum Payer
{
    Platform,
    Customer,
}

/// <summary>Section <c>Billing:Waste</c>: who pays for work of a provider that was of little or no use.</summary>
internal sealed class WasteOptions
{
    public const string Section = "Billing:Waste";
    private const string Rule = ": must be platform or customer.";

    /// <summary>Attempts that failed before any content, of calls that another attempt answered as of those that none did.</summary>
    [EnumDataType(typeof(Payer), ErrorMessage = $"{Section}:{nameof(Failed)}{Rule}")]
    public Payer Failed { get; set; } = Payer.Platform;

    /// <summary>Attempts given up because another was faster.</summary>
    [EnumDataType(typeof(Payer), ErrorMessage = $"{Section}:{nameof(Hedged)}{Rule}")]
    public Payer Hedged { get; set; } = Payer.Platform;

    /// <summary>Whole answers without content and without an output token.</summary>
    [EnumDataType(typeof(Payer), ErrorMessage = $"{Section}:{nameof(Empty)}{Rule}")]
    public Payer Empty { get; set; } = Payer.Platform;

    /// <summary>What came of an answer that its provider broke off.</summary>
    [EnumDataType(typeof(Payer), ErrorMessage = $"{Section}:{nameof(Broken)}{Rule}")]
    public Payer Broken { get; set; } = Payer.Customer;

    /// <summary>What was produced for a client that left, and drained after it.</summary>
    [EnumDataType(typeof(Payer), ErrorMessage = $"{Section}:{nameof(Drained)}{Rule}")]
    public Payer Drained { get; set; } = Payer.Customer;

    public Payer Of(Ending ending) => ending switch
    {
        Ending.Unspecified or Ending.Whole => Payer.Customer,
        Ending.Empty => Empty,
        Ending.Broken => Broken,
        Ending.ClientLeft => Drained,
        Ending.Failed => Failed,
        _ => throw new ArgumentOutOfRangeException(nameof(ending), ending, "Not a way to end."),
    };

    public Payer Of(WastedAttempt attempt) => attempt.Hedged ? Hedged : Failed;
}

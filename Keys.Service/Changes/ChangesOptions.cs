using System.ComponentModel.DataAnnotations;

namespace LlmGateway.Keys.Changes;

/// <summary>Section <c>Changes</c>.</summary>
internal sealed class ChangesOptions
{
    /// <summary>How long changes are known, in days. A gateway that was away for longer forgets all that it remembers.</summary>
    [Range(1, 365)]
    public int KeepDays { get; set; } = 7;
}

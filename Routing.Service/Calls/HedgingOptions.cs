using System.ComponentModel.DataAnnotations;

namespace LlmGateway.Routing.Calls;

/// <summary>Section "Calls:Hedging": second attempts beside slow first ones, of models that ask for them.</summary>
internal sealed class HedgingOptions
{
    public const string Section = "Calls:Hedging";

    /// <summary>The part of such models' streamed calls that may get one.</summary>
    [Range(0, 1)]
    public double MaxShare { get; set; } = 0.05;

    /// <summary>So many answers of a deployment are needed to know what is slow for it.</summary>
    [Range(1, 200)]
    public int MinAnswers { get; set; } = 20;

    /// <summary>A second attempt never begins sooner than this.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan MinDelay { get; set; } = TimeSpan.FromMilliseconds(200);
}

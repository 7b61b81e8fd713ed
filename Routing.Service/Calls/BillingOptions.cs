using System.ComponentModel.DataAnnotations;

namespace LlmGateway.Routing.Calls;

/// <summary>Section "Billing": how this service uses Billing.Service.</summary>
internal sealed class BillingOptions
{
    /// <summary>False: nothing is charged, and a call is made whether Billing answers or not; its usage is settled when it does.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Output tokens held at first for a stream that sets no maximum of its own; the hold grows with the stream.</summary>
    [Range(1, 1_000_000)]
    public int FirstHoldTokens { get; set; } = 4096;

    /// <summary>Output tokens that a provider is taken to make while a stream without a maximum shows nothing: its hold grows by the clock.
    /// 0: what is not shown is not held for.</summary>
    [Range(0, 100_000)]
    public int HiddenTokensPerSecond { get; set; } = 150;

    /// <summary>The least output bound that is still worth a call, when the balance does not allow more.</summary>
    [Range(1, 1_000_000)]
    public int MinOutputTokens { get; set; } = 256;

    /// <summary>Output of a model whose maximum is unknown.</summary>
    [Range(1, 1_000_000)]
    public int UnknownMaxOutputTokens { get; set; } = 4096;

    /// <summary>How long a hold may take. Past it the call is refused: no money, no call. A stream that has put out all that is held
    /// for it waits as long for more.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:00:30")]
    public TimeSpan HoldTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a settlement is tried directly before it is written to the outbox.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:05:00")]
    public TimeSpan SettleTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a running call moves its hold's expiry.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:05:00")]
    public TimeSpan RenewInterval { get; set; } = TimeSpan.FromMinutes(1);
}

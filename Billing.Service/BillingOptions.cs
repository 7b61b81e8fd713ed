using System.ComponentModel.DataAnnotations;
using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;
using Microsoft.Extensions.Options;

namespace LlmGateway.Billing;

/// <summary>Section <c>Billing</c>.</summary>
internal sealed class BillingOptions
{
    public const string Section = "Billing";

    /// <summary>False: no money is held and no call is charged, whether its price is known or not. What calls use is counted all the same.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Percent on top of the provider's price, to the hundredth.</summary>
    [Range(typeof(decimal), "0", "1000", ErrorMessage = "Billing:MarkupPercent: must be between {1} and {2}.")]
    public decimal MarkupPercent { get; set; } = 25;

    /// <summary>US dollars that an account is opened with, to the nano-dollar.</summary>
    [Range(typeof(decimal), "0", "1000000", ErrorMessage = "Billing:DefaultBalance: must be between {1} and {2}.")]
    public decimal DefaultBalance { get; set; } = 100.0m;

    /// <summary>US dollars that an answer of the gateway's cache costs, to the nano-dollar, and never more than the call that it is from.</summary>
    [Range(typeof(decimal), "0", "1000", ErrorMessage = "Billing:CacheHitPrice: must be between {1} and {2}.")]
    public decimal CacheHitPrice { get; set; }

    /// <summary>ISO 4217. Amounts are kept in nano-dollars, so there is one choice.</summary>
    [RegularExpression("USD", ErrorMessage = "Billing:Currency: must be USD.")]
    public string Currency { get; set; } = "USD";

    /// <summary>Minutes after which a hold that nobody renews is gone, the wait for the sweep included.</summary>
    [Range(0.05, 1440, ErrorMessage = "Billing:HoldMinutes: must be between {1} and {2}.")]
    public double HoldMinutes { get; set; } = 10;

    /// <summary>Seconds between two sweeps for expired holds.</summary>
    [Range(0.1, 600, ErrorMessage = "Billing:SweepSeconds: must be between {1} and {2}.")]
    public double SweepSeconds { get; set; } = 15;

    /// <summary>What becomes of a hold whose call is gone without a word.</summary>
    [EnumDataType(typeof(ExpiredHolds), ErrorMessage = "Billing:ExpiredHolds: must be release or settle.")]
    public ExpiredHolds ExpiredHolds { get; set; } = ExpiredHolds.Release;

    /// <summary>Output tokens at most that a call of an account with an overdraft holds money for; it may put out more.</summary>
    [Range(1, 1_000_000, ErrorMessage = "Billing:EstimatedOutputTokens: must be between {1} and {2}.")]
    public int EstimatedOutputTokens { get; set; } = 1024;

    /// <summary>A price file in place of the shipped prices.json. Read at start.</summary>
    public string PricesFile { get; set; } = "";

    /// <summary>Seconds between two looks for prices that another replica has announced.</summary>
    [Range(0.1, 60, ErrorMessage = "Billing:PriceRefreshSeconds: must be between {1} and {2}.")]
    public double PriceRefreshSeconds { get; set; } = 1;

    /// <summary>Connections to the database for holds and settlements.</summary>
    [Range(1, 1000, ErrorMessage = "Billing:Connections: must be between {1} and {2}.")]
    public int Connections { get; set; } = 16;

    /// <summary>Calls that share one statement and its commit at most; with 1, each call has its own.</summary>
    [Range(1, 1000, ErrorMessage = "Billing:StatementLines: must be between {1} and {2}.")]
    public int StatementLines { get; set; } = 64;

    /// <summary>Statements of one kind (hold, extension, settlement, release) at a time at most; more than one while one is slow or full.</summary>
    [Range(1, 1000, ErrorMessage = "Billing:Statements: must be between {1} and {2}.")]
    public int Statements { get; set; } = 3;

    /// <summary>Calls of one kind that wait for a statement at most; one more is refused at once.</summary>
    [Range(1, 1_000_000, ErrorMessage = "Billing:WaitingLines: must be between {1} and {2}.")]
    public int WaitingLines { get; set; } = 4096;

    /// <summary>Seconds that a verification of the whole ledger may take.</summary>
    [Range(1, 3600, ErrorMessage = "Billing:VerifySeconds: must be between {1} and {2}.")]
    public int VerifySeconds { get; set; } = 600;

    // Not public: the validation of annotations reads every public property, before it knows that the values are any good.
    internal int MarkupBasisPoints => Enabled ? (int)(MarkupPercent * 100) : NanoUsd.UnchargedMarkup;

    internal NanoUsd HitPrice => Enabled ? NanoUsd.FromUsd(CacheHitPrice) : NanoUsd.Zero;

    internal NanoUsd DefaultGrant => NanoUsd.FromUsd(DefaultBalance);

    internal TimeSpan HoldLifetime => TimeSpan.FromMinutes(HoldMinutes) - SweepInterval;

    internal TimeSpan SweepInterval => TimeSpan.FromSeconds(SweepSeconds);

    /// <summary>After a start or an outage, until expired holds may be charged: the gateways tell meanwhile what ended.</summary>
    internal TimeSpan ChargeDelay { get; set; } = TimeSpan.FromMinutes(2);

    internal TimeSpan VerifyLimit => TimeSpan.FromSeconds(VerifySeconds);

    internal TimeSpan PriceRefreshInterval => TimeSpan.FromSeconds(PriceRefreshSeconds);
}

internal sealed class BillingOptionsValidator : IValidateOptions<BillingOptions>
{
    public ValidateOptionsResult Validate(string? name, BillingOptions options)
    {
        var errors = new ValidateOptionsResultBuilder();
        // Compared first, twice: a value far out of range would overflow the product.
        if (options.MarkupPercent is >= 0 and <= 1000 && options.MarkupPercent * 100 % 1 != 0)
        {
            errors.AddError("Billing:MarkupPercent: has more than two decimal places.");
        }

        if (options.DefaultBalance is >= 0 and <= 1_000_000 && !NanoUsd.IsExact(options.DefaultBalance))
        {
            errors.AddError("Billing:DefaultBalance: has more than nine decimal places.");
        }

        if (options.CacheHitPrice is >= 0 and <= 1000 && !NanoUsd.IsExact(options.CacheHitPrice))
        {
            errors.AddError("Billing:CacheHitPrice: has more than nine decimal places.");
        }

        if (options.SweepSeconds * 2 > options.HoldMinutes * 60)
        {
            errors.AddError("Billing:SweepSeconds: must be at most half of Billing:HoldMinutes.");
        }

        return errors.Build();
    }
}

internal static class BillingOptionsRegistration
{
    public static void AddBillingOptions(this IServiceCollection services)
    {
        services.AddOptions<BillingOptions>().BindConfiguration(BillingOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IValidateOptions<BillingOptions>, BillingOptionsValidator>();
        services.AddOptions<WasteOptions>().BindConfiguration(WasteOptions.Section).ValidateDataAnnotations().ValidateOnStart();
    }
}

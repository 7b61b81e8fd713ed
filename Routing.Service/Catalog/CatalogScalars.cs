using System.Globalization;

namespace LlmGateway.Routing.Catalog;

/// <summary>Reads single values of the file. One that is not valid is a problem with its line, and reads as unset.</summary>
internal sealed class CatalogScalars(CatalogProblems problems)
{
    private const decimal MostSeconds = 86_400;

    public int? Count(CatalogText? text, string key, int least, int most) => (int?)Number(text, key, least, most, NumberStyles.None);

    public long? Amount(CatalogText? text, string key, long least, long most) => (long?)Number(text, key, least, most, NumberStyles.None);

    public double? Share(CatalogText? text, string key, decimal most) => (double?)Number(text, key, 0, most, NumberStyles.AllowDecimalPoint);

    /// <summary>Seconds, with decimals, of more than none.</summary>
    public TimeSpan? Seconds(CatalogText? text, string key) => Seconds(text, key, least: 0.001m);

    public TimeSpan? Seconds(CatalogText? text, string key, decimal least) =>
        Number(text, key, least, MostSeconds, NumberStyles.AllowDecimalPoint) is { } seconds ? TimeSpan.FromSeconds((double)seconds) : null;

    public bool? Flag(CatalogText? text, string key)
    {
        switch (text?.Value)
        {
            case null:
                return null;
            case "true" or "True" or "TRUE":
                return true;
            case "false" or "False" or "FALSE":
                return false;
            default:
                problems.Error(text.Line, $"{key} must be true or false: \"{text.Value}\".");
                return null;
        }
    }

    /// <summary>A name that goes into headers, logs and metrics.</summary>
    public void Name(CatalogText? name, string key)
    {
        if (name is not null && name.Value.Any(char.IsControl))
        {
            problems.Error(name.Line, $"{key} must not have control characters.");
        }

        if (name is not null && name.Value.Contains('*'))
        {
            problems.Error(name.Line, $"{key} must be one model: patterns such as \"{name.Value}\" are not supported.");
        }
    }

    private decimal? Number(CatalogText? text, string key, decimal least, decimal most, NumberStyles style)
    {
        if (text is null)
        {
            return null;
        }

        if (decimal.TryParse(text.Value, style, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
        {
            return value;
        }

        problems.Error(text.Line, string.Create(CultureInfo.InvariantCulture, $"{key} must be a number from {least} to {most}: \"{text.Value}\"."));
        return null;
    }
}

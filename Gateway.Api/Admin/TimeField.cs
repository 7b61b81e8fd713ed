using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Google.Protobuf.WellKnownTypes;

namespace LlmGateway.Gateway.Admin;

/// <summary>RFC 3339, always with an offset: a time without one would be another moment on each machine.</summary>
internal sealed partial class TimeField : JsonConverter<DateTimeOffset>
{
    private const string Must = "a time like 2027-01-31T12:00:00Z (RFC 3339)";

    public override DateTimeOffset Read(ref Utf8JsonReader reader, System.Type typeToConvert, JsonSerializerOptions options)
    {
        var text = TextField.Of(ref reader, Must);
        return Form().IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : throw new FieldException(Must);
    }

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => throw new NotSupportedException();

    public static Timestamp? ToProto(DateTimeOffset? time) => time is { } known ? Timestamp.FromDateTimeOffset(known) : null;

    public static DateTime? ToJson(Timestamp? time) => time?.ToDateTime();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,7})?([Zz]|[+-]\d\d:\d\d)$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Form();
}

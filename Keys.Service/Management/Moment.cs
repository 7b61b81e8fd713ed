using Google.Protobuf.WellKnownTypes;

namespace LlmGateway.Keys.Management;

/// <summary>Times as PostgreSQL keeps them, in whole microseconds, so that what is answered is what is stored.</summary>
internal static class Moment
{
    // Of google/protobuf/timestamp.proto: from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z.
    private const long FirstSecond = -62_135_596_800;
    private const long LastSecond = 253_402_300_799;

    public static DateTimeOffset Now(TimeProvider time) => Truncate(time.GetUtcNow());

    /// <summary>Null for what is no time.</summary>
    public static DateTimeOffset? Of(Timestamp timestamp) =>
        timestamp is { Seconds: >= FirstSecond and <= LastSecond, Nanos: >= 0 and < 1_000_000_000 } ? Truncate(timestamp.ToDateTimeOffset()) : null;

    public static Timestamp? ToProto(DateTimeOffset? moment) => moment is { } known ? Timestamp.FromDateTimeOffset(known) : null;

    private static DateTimeOffset Truncate(DateTimeOffset moment) =>
        new(moment.UtcTicks - (moment.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
}

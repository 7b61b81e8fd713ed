using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Keys.Grpc;

/// <summary>Reads the fields of requests, and names the one at fault.</summary>
internal static class Fields
{
    private const int MaxUses = 10_000;
    private static readonly TimeSpan OldestUse = TimeSpan.FromHours(1);

    public static RpcException Invalid(string field, string rule) => new(new Status(StatusCode.InvalidArgument, $"{field}: {rule}."));

    public static Guid KeyId(string text, string field) =>
        Guid.TryParseExact(text, "D", out var id) ? id : throw Invalid(field, "must be a UUID");

    public static (Guid[] KeyIds, DateTimeOffset[] UsedAt) ToUses(this RecordUseRequest request, DateTimeOffset now)
    {
        if (request.Uses.Count > MaxUses)
        {
            throw Invalid("uses", $"must be at most {MaxUses}");
        }

        var keyIds = new Guid[request.Uses.Count];
        var usedAt = new DateTimeOffset[keyIds.Length];
        for (var index = 0; index < keyIds.Length; index++)
        {
            keyIds[index] = KeyId(request.Uses[index].KeyId, $"uses[{index}].key_id");
            usedAt[index] = now - Age(request.Uses[index].Age, $"uses[{index}].age");
        }

        return (keyIds, usedAt);
    }

    private static TimeSpan Age(Duration? age, string field) => age switch
    {
        null => TimeSpan.Zero,
        { Seconds: >= 0 and <= 3600, Nanos: >= 0 and <= 999_999_999 } when age.ToTimeSpan() <= OldestUse => age.ToTimeSpan(),
        _ => throw Invalid(field, "must be 0 to 3600 seconds"),
    };
}

using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf.WellKnownTypes;
using LlmGateway.Gateway.Admin;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Tests.Admin;

public sealed class AdminJsonTests
{
    [Fact]
    public void A_key_is_written_with_every_member_and_its_secret_only_when_it_is_new()
    {
        var key = new Key
        {
            Id = "8a1f6a2e-4a57-4b6c-9d5a-0f6f0c0d3b11",
            AccountId = "acme",
            MaskedKey = "sk-llmgw...",
            Name = "web",
            Role = Role.Account,
            State = KeyState.Active,
            Limits = new() { TotalTokens = 50_000, DailyNanoUsd = 1_500_000_000 },
            AllowedModels = { "gpt-*" },
            CreatedAt = Timestamp.FromDateTime(new DateTime(2026, 11, 21, 10, 0, 0, DateTimeKind.Utc)),
            Source = "issued",
        };

        const string none = """{"total_tokens":null,"daily_tokens":null,"monthly_tokens":null,"total_usd":null,"daily_usd":null,"monthly_usd":null,"requests_per_minute":null,"requests_per_hour":null,"tokens_per_minute":null,"parallel":null}""";
        var limits = none.Replace("\"total_tokens\":null", "\"total_tokens\":50000").Replace("\"daily_usd\":null", "\"daily_usd\":1.5");
        JsonSerializer.Serialize(KeyBody.From(key), AdminJson.Wire.KeyBody).ShouldBe(
            """{"object":"key","id":"8a1f6a2e-4a57-4b6c-9d5a-0f6f0c0d3b11","account_id":"acme","masked_key":"sk-llmgw...","name":"web","description":"","role":"account","state":"active","tariff":null,"limits":"""
            + limits + ",\"effective_limits\":" + none
            + ""","allowed_models":["gpt-*"],"labels":{},"created_at":"2026-11-21T10:00:00Z","last_used_at":null,"expires_at":null,"revoked_at":null,"old_secret_expires_at":null,"source":"issued"}""");
        JsonSerializer.Serialize(KeyBody.From(key, "sk-llmgw-new"), AdminJson.Wire.KeyBody).ShouldEndWith(",\"secret\":\"sk-llmgw-new\"}");
    }

    [Fact]
    public void Limits_that_are_written_and_read_again_are_the_same()
    {
        var amounts = ArbMap.Default.GeneratorFor<long>().Select(value => value == long.MinValue ? 0 : Math.Abs(value));
        var optional = Gen.OneOf(amounts.Select(value => (long?)value), Gen.Constant((long?)null));

        Check.QuickThrowOnFailure(Prop.ForAll(optional.ArrayOf(10).ToArbitrary(), values =>
        {
            var limits = new LimitsBody
            {
                TotalTokens = values[0],
                DailyTokens = values[1],
                MonthlyTokens = values[2],
                TotalUsd = values[3] is { } total ? new(total) : null,
                DailyUsd = values[4] is { } daily ? new(daily) : null,
                MonthlyUsd = values[5] is { } monthly ? new(monthly) : null,
                RequestsPerMinute = values[6],
                RequestsPerHour = values[7],
                TokensPerMinute = values[8],
                Parallel = values[9],
            };
            var json = JsonSerializer.SerializeToUtf8Bytes(LimitsBody.From(limits.ToProto()), AdminJson.Wire.LimitsBody);
            return AdminBody.Parse(json, AdminJson.Read.LimitsBody, out _) == limits;
        }));
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("12.5", 12_500_000_000)]
    [InlineData("0.000000001", 1)]
    [InlineData("9223372036.854775807", long.MaxValue)]
    public void An_amount_is_exact(string text, long nano)
    {
        Usd.TryParseNano(Encoding.ASCII.GetBytes(text), out var read).ShouldBeTrue();
        read.ShouldBe(nano);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".5")]
    [InlineData("5.")]
    [InlineData("-1")]
    [InlineData("1e3")]
    [InlineData("1.0000000000")]
    [InlineData("9223372036.854775808")]
    [InlineData("99999999999999999999")]
    public void What_is_no_amount_is_refused(string text) => Usd.TryParseNano(Encoding.ASCII.GetBytes(text), out _).ShouldBeFalse();

    [Theory]
    [InlineData("web shop", false)]
    [InlineData("production-service-backend-2026-eu-west", false)]
    [InlineData("8a1f6a2e-4a57-4b6c-9d5a-0f6f0c0d3b11", false)]
    [InlineData("sk-a", true)]
    [InlineData(" SK-a", true)]
    [InlineData("eyJhbGciOiJIUzI1NiJ9.e30.x", true)]
    [InlineData("AIzaSyD3x4mpl3K3yTh4tL00ksL1k3One", true)]
    [InlineData("deploy 0123456789abcdef0123456789abcdef", true)]
    public void What_looks_like_a_secret_is_told_from_names_and_ids(string text, bool isSecret) => SecretShape.Fits(text).ShouldBe(isSecret);

    [Theory]
    [InlineData("user_2NNEqL2nrIRdJ194ndJqAHwEfxC", false)]
    [InlineData("507f1f77bcf86cd799439011", false)]
    [InlineData("sk-llmgw-shop", false)]
    [InlineData("eyJhbGciOiJIUzI1NiJ9", false)]
    [InlineData("sk-llmgw-0123456789012345678901234567890123456789012345678", true)]
    [InlineData("a sk-llmgw-0123456789012345678901234567890123456789012345678", true)]
    [InlineData("eyJhbGciOiJIUzI1NiJ9.e30.AbCdEf", true)]
    public void Only_what_surely_is_a_secret_is_none_of_an_account_s_ids(string text, bool isSecret) => SecretShape.IsSure(text).ShouldBe(isSecret);

    [Fact]
    public void An_import_keeps_the_order_and_every_field()
    {
        var fault = KeyImport.Read("""{"sk-b":{"name":"b","limit":5,"description":"d"},"any form":{"name":"a"}}"""u8, out var keys);

        fault.ShouldBeNull();
        keys.Select(key => (key.Secret, key.Name, key.Description, key.Limits.HasTotalTokens, key.Limits.TotalTokens))
            .ShouldBe([("sk-b", "b", "d", true, 5), ("any form", "a", "", false, 0)]);
    }

    [Fact]
    public void A_patch_tells_what_is_left_out_from_what_is_taken_away()
    {
        var body = AdminBody.Parse("""{"tariff":null,"expires_at":null}"""u8, AdminJson.Read.KeyChangesBody, out _)!;

        body.ToRequest(new(), "k", out var request).ShouldBeNull();

        (request.HasTariff, request.Tariff).ShouldBe((true, ""));
        (request.Expires, request.Expires?.At).ShouldBe((new Expiry(), null));
        (request.HasName, request.HasDescription, request.AllowedModels, request.Labels).ShouldBe((false, false, null, null));
    }
}

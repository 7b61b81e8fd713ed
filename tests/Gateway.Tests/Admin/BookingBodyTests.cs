using System.Text;
using LlmGateway.Gateway.Admin;
using Microsoft.AspNetCore.Http;

namespace LlmGateway.Gateway.Tests.Admin;

public sealed class BookingBodyTests
{
    [Theory]
    [InlineData("12.5", 12_500_000_000)]
    [InlineData("0.000000001", 1)]
    [InlineData("1000000000", 1_000_000_000_000_000_000)]
    public void An_amount_is_read_exactly_either_way(string amount, long nano)
    {
        var up = Read($$"""{"amount":{{amount}},"note":"n"}""");
        var down = Read($$"""{"amount":-{{amount}},"note":"n"}""");

        (up.TopUpFault(), up.RefundFault(), up.AdjustmentFault(), up.Amount!.Value.NanoUsd).ShouldBe((null, null, null, nano));
        (down.AdjustmentFault(), down.Amount!.Value.NanoUsd).ShouldBe((null, -nano));
        down.TopUpFault()!.Param.ShouldBe("amount");
        down.RefundFault()!.Param.ShouldBe("amount");
    }

    [Theory]
    [InlineData("0.0000000001")]
    [InlineData("1e3")]
    [InlineData("-1E-3")]
    [InlineData("\"12.5\"")]
    [InlineData("\"NaN\"")]
    [InlineData("\"Infinity\"")]
    [InlineData("true")]
    [InlineData("[1]")]
    [InlineData("9223372036.854775808")]
    [InlineData("-9223372036.854775808")]
    [InlineData("99999999999999999999999999999999999999")]
    public void An_amount_that_is_none_is_refused_by_name(string amount)
    {
        AdminBody.Parse(Encoding.UTF8.GetBytes($$"""{"amount":{{amount}}}"""), AdminJson.Read.NewBookingBody, out var error).ShouldBeNull();

        (error!.Status, error.Param).ShouldBe((400, "amount"));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-0")]
    [InlineData("0.000000000")]
    [InlineData("1000000000.000000001")]
    [InlineData("-1000000000.000000001")]
    public void An_amount_out_of_its_bounds_is_refused_by_name(string amount)
    {
        var body = Read($$"""{"amount":{{amount}},"note":"n"}""");

        body.TopUpFault()!.Param.ShouldBe("amount");
        body.RefundFault()!.Param.ShouldBe("amount");
        body.AdjustmentFault()!.Param.ShouldBe("amount");
    }

    [Fact]
    public void What_is_missing_is_named()
    {
        Read("{}").TopUpFault()!.Param.ShouldBe("amount");
        Read("{}").AdjustmentFault()!.Param.ShouldBe("amount");
        Read("""{"amount":1}""").AdjustmentFault()!.Param.ShouldBe("note");
        Read("""{"amount":1,"note":"  "}""").AdjustmentFault()!.Param.ShouldBe("note");
        Read("{}").RefundFault().ShouldBeNull();
        AdminBody.Parse("{}"u8, AdminJson.Read.NewOverdraftBody, out _)!.Fault()!.Param.ShouldBe("overdraft");
        AdminBody.Parse("""{"overdraft":1000000000.1}"""u8, AdminJson.Read.NewOverdraftBody, out _)!.Fault()!.Param.ShouldBe("overdraft");
    }

    [Fact]
    public void A_note_with_a_key_in_it_is_not_kept()
    {
        var secret = $"sk-llmgw-{new string('a', 49)}";

        Read($$"""{"amount":1,"note":"for {{secret}}"}""").TopUpFault()!.Param.ShouldBe("note");
        Key(header: secret, body: null).Param.ShouldBe("idempotency_key");
        Read($$"""{"amount":1,"note":"for {{secret[..^6]}}"}""").TopUpFault()!.Param.ShouldBe("note", "as ./run.sh makes them");
        Read($$"""{"amount":1,"note":"for {{secret[..^7]}}"}""").TopUpFault().ShouldBeNull();
    }

    [Theory]
    [InlineData(null, null, "", false)]
    [InlineData("a b", null, "a b", true)]
    [InlineData(null, "~", "~", true)]
    [InlineData("one", "one", "one", true)]
    [InlineData("one", "other", "", false)]
    [InlineData("", null, "", false)]
    [InlineData(null, "", "", false)]
    [InlineData(null, "k\u00e9y", "", false)]
    [InlineData("k\ny", null, "", false)]
    public void A_key_is_taken_from_the_header_or_the_body(string? header, string? body, string key, bool isValid)
    {
        var (param, read) = Key(header, body);

        param.ShouldBe(isValid ? null : "idempotency_key");
        if (isValid)
        {
            read.ShouldBe(key);
        }
    }

    [Fact]
    public void A_key_has_255_characters_at_most()
    {
        Key(new string('k', 255), null).Param.ShouldBeNull();
        Key(null, new string('k', 256)).Param.ShouldBe("idempotency_key");
    }

    [Fact]
    public void A_booking_without_a_key_is_told_where_to_put_one()
    {
        var error = IdempotencyKey.Read(new DefaultHttpContext(), null, out _).ShouldNotBeNull();

        (error.Status, error.Code, error.Param).ShouldBe((400, "missing_required_parameter", "idempotency_key"));
        error.Message.ShouldContain("header Idempotency-Key");
    }

    private static (string? Param, string Read) Key(string? header, string? body)
    {
        var context = new DefaultHttpContext();
        if (header is not null)
        {
            context.Request.Headers["Idempotency-Key"] = header;
        }

        return (IdempotencyKey.Read(context, body, out var key)?.Param, key);
    }

    private static NewBookingBody Read(string json) => AdminBody.Parse(Encoding.UTF8.GetBytes(json), AdminJson.Read.NewBookingBody, out _)!;
}

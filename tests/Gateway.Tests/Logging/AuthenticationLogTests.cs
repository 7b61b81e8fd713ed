using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Limits;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Testing;
using Microsoft.AspNetCore.Http;

namespace LlmGateway.Gateway.Tests.Logging;

public sealed class AuthenticationLogTests
{
    [Fact]
    public void A_refused_key_is_masked_and_a_flood_of_them_is_a_few_lines_and_a_count()
    {
        var (lines, time) = (new FieldLog<AuthenticationLog>(), new FakeTime());
        var log = new AuthenticationLog(time, lines);
        var context = new DefaultHttpContext { TraceIdentifier = "req_1" };
        context.Request.Headers.Authorization = "Bearer sk-guessed-by-somebody-else";

        for (var i = 0; i < 100; i++)
        {
            log.Refused(context, nameof(RefusalReason.UnknownKey));
        }

        lines.Lines.Count.ShouldBe(10);
        lines.Lines[0].Text.ShouldBe("Authentication failed: UnknownKey");
        (lines.Lines[0].Fields["maskedKey"], lines.Lines[0].Fields["requestId"], lines.Lines[0].Fields["withheld"]).ShouldBe(("sk-guess...", "req_1", null));

        time.Advance(TimeSpan.FromSeconds(1));
        log.Refused(context, nameof(RefusalReason.Revoked));
        lines.Lines[^1].Fields["withheld"].ShouldBe(90L);
        lines.Lines.SelectMany(line => line.Fields.Values.OfType<string>().Append(line.Text)).ShouldNotContain(text => text.Contains("guessed-by"));
    }

    [Fact]
    public void A_valid_key_that_is_not_enough_is_its_account_s_and_a_limit_says_which_it_is()
    {
        var caller = new Caller("acme", "key-1", "sk-secre...", Role.Account);
        var refusals = new FieldLog<AuthenticationLog>();
        new AuthenticationLog(new FakeTime(), refusals).Refused(new DefaultHttpContext(), "PermissionDenied", caller);
        (refusals.Lines[0].Fields["userId"], refusals.Lines[0].Fields["maskedKey"]).ShouldBe(("acme", "sk-secre..."));

        var limits = new FieldLog<LimitLog>();
        new LimitLog(new FakeTime(), limits).Refused(new DefaultHttpContext(), "requests_per_minute", caller);
        (limits.Lines[0].Text, limits.Lines[0].Fields["userId"]).ShouldBe(("Rate limit reached: requests_per_minute", "acme"));
    }
}

using System.Net;
using System.Text;
using System.Text.Json;
using LlmGateway.FakeProvider;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Functional.Tests;

/// <summary>Wrong input and failing providers: a clear error each, never a hang, never a stack trace.</summary>
[Collection(RunningSystem.Name)]
public sealed class RefusalTests(RunningSystem system)
{
    private const string Messages = "\"messages\":[{\"role\":\"user\",\"content\":\"Hello.\"}]";

    [Fact]
    public async Task Without_a_key_it_is_401()
    {
        var (status, error) = await PostAsync("{" + Messages + "}", key: null);

        status.ShouldBe(HttpStatusCode.Unauthorized);
        error.GetProperty("type").GetString().ShouldBe("invalid_request_error");
    }

    [Fact]
    public async Task An_unknown_key_is_403()
    {
        var (status, error) = await PostAsync("{" + Messages + "}", key: "sk-nobody-has-this-key");

        status.ShouldBe(HttpStatusCode.Forbidden);
        error.GetProperty("code").GetString().ShouldBe("invalid_api_key");
        error.GetProperty("message").GetString()!.ShouldNotContain("nobody-has");
    }

    [Fact]
    public async Task What_is_not_JSON_is_400_and_names_the_place()
    {
        var (status, error) = await PostAsync("{\n  \"model\": nonsense\n}");

        status.ShouldBe(HttpStatusCode.BadRequest);
        error.GetProperty("code").GetString().ShouldBe("invalid_json");
        error.GetProperty("message").GetString()!.ShouldContain("line 2");
    }

    [Fact]
    public async Task An_unknown_model_is_404()
    {
        var (status, error) = await PostAsync("{\"model\":\"no-such-model\"," + Messages + "}");

        status.ShouldBe(HttpStatusCode.NotFound);
        error.GetProperty("code").GetString().ShouldBe("model_not_found");
        error.GetProperty("message").GetString()!.ShouldContain("no-such-model");
    }

    [Fact]
    public async Task Missing_messages_are_400_with_the_parameter()
    {
        var (status, error) = await PostAsync($$"""{"model":"{{GatewaySystem.Model}}"}""");

        status.ShouldBe(HttpStatusCode.BadRequest);
        error.GetProperty("code").GetString().ShouldBe("missing_required_parameter");
        error.GetProperty("param").GetString().ShouldBe("messages");
    }

    [Fact]
    public async Task A_call_that_the_balance_cannot_cover_is_429_with_the_figures_and_reaches_no_provider()
    {
        var before = await Balance.OfAsync(system.Http);

        var (status, error) = await PostAsync("{\"model\":\"fake-dear\",\"max_completion_tokens\":100000," + Messages + "}");

        status.ShouldBe(HttpStatusCode.TooManyRequests);
        error.GetProperty("type").GetString().ShouldBe("insufficient_quota");
        error.GetProperty("code").GetString().ShouldBe("insufficient_balance");
        var figures = error.GetProperty("metadata");
        figures.GetProperty("required").GetDecimal().ShouldBeGreaterThan(1250m);
        figures.GetProperty("available").GetDecimal().ShouldBe(before.Available);
        system.Provider.CallsOf("fake-dear").ShouldBeEmpty();
        (await Balance.OfAsync(system.Http)).ShouldBe(before);
    }

    [Theory]
    [InlineData("fake-reset", HttpStatusCode.BadGateway, null)]
    [InlineData("fake-html", HttpStatusCode.BadGateway, "provider_error")]
    [InlineData("fake-500", HttpStatusCode.BadGateway, "provider_error")]
    [InlineData("fake-401", HttpStatusCode.BadGateway, "provider_auth")]
    [InlineData("fake-429", HttpStatusCode.TooManyRequests, "provider_rate_limited")]
    [InlineData("fake-400", HttpStatusCode.BadRequest, null)]
    [InlineData("fake-silent", HttpStatusCode.GatewayTimeout, "provider_timeout")]
    public async Task A_provider_that_fails_before_its_first_word_is_a_true_status_and_costs_nothing(string model, HttpStatusCode status, string? code)
    {
        var before = await Balance.OfAsync(system.Http);

        var plain = await new ChatCall(system.Http, model).PlainAsync();
        var streamed = await new ChatCall(system.Http, model).StreamAsync();

        plain.Status.ShouldBe(status);
        streamed.Status.ShouldBe(status);
        plain.ErrorCode.ShouldBe(code ?? plain.ErrorCode);
        streamed.ErrorCode.ShouldBe(plain.ErrorCode);
        plain.Error!.Value.GetRawText().ShouldNotContain("   at ");
        (await Balance.WithoutHoldsAsync(system.Http, TimeSpan.FromSeconds(10))).ShouldBe(before);
    }

    [Theory]
    [InlineData("fake-cut", Ending.Cut)]
    [InlineData("fake-stall", Ending.Stall)]
    [InlineData("fake-garbage", Ending.Garbage)]
    [InlineData("fake-no-finish", Ending.NoFinish)]
    public async Task A_stream_that_breaks_off_ends_with_an_error_and_no_terminator(string model, Ending ending)
    {
        // Slow enough that the first words are on their way before the end comes.
        system.Provider.On(model, new Script { Ending = ending, Chunks = 6, EndAfter = 3, ChunkDelay = TimeSpan.FromMilliseconds(50) });

        var answer = await new ChatCall(system.Http, model).StreamAsync();

        answer.Status.ShouldBe(HttpStatusCode.OK);
        answer.Content.ShouldStartWith("word0 ");
        answer.Error.ShouldNotBeNull().GetProperty("type").GetString().ShouldBe("upstream_error");
        answer.Ended.ShouldBeFalse();
        answer.FinishReason.ShouldBeNull();
        answer.Cut.ShouldBeTrue();
    }

    [Fact]
    public async Task A_stream_without_DONE_but_with_a_finish_reason_is_whole()
    {
        var answer = await new ChatCall(system.Http, "fake-no-done").StreamAsync();

        answer.FinishReason.ShouldBe("stop");
        answer.Ended.ShouldBeTrue();
    }

    private async Task<(HttpStatusCode Status, JsonElement Error)> PostAsync(string body, string? key = GatewaySystem.Key)
    {
        using var http = new HttpClient { BaseAddress = system.Gateway };
        http.DefaultRequestHeaders.Authorization = key is null ? null : new("Bearer", key);
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await http.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), content);
        return (response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("error"));
    }
}

using System.Buffers;
using System.Text;
using System.Text.Json;
using LlmGateway.FakeProvider;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Providers;
using LlmGateway.Routing.Providers.Anthropic;
using LlmGateway.Routing.Tests.Running;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace LlmGateway.Routing.Tests.Providers.Anthropic;

public sealed class AnthropicNativeTests
{
    [Fact]
    public void A_body_of_anthropics_own_goes_on_as_it_is() =>
        Write("""{ "future" : {"a":[1e3, null]}, "max_tokens":100, "model":"alias","messages": [{"role":"user","content":"Hi \u00e9"}] , "stream":true}""", stream: false, 4096)
            .ShouldBe("""{"model":"claude-opus-4-8","stream":false,"max_tokens":100,"future" : {"a":[1e3, null]},"messages": [{"role":"user","content":"Hi \u00e9"}]}""");

    [Theory]
    [InlineData("""{"max_tokens":5000}""", 4096)]
    [InlineData("""{"max_tokens":null}""", 4096)]
    [InlineData("""{"max_tokens":0}""", 0)]
    [InlineData("{}", 4096)]
    [InlineData("""{"max_tokens":9,"max_tokens":7000}""", 4096)]
    [InlineData("""{"m\u0061x_tokens":5000,"model":"a","model":"b"}""", 4096)]
    public void No_more_is_asked_for_than_is_held(string body, long sent) =>
        Write(body, stream: true, 4096).ShouldBe($$"""{"model":"claude-opus-4-8","stream":true,"max_tokens":{{sent}}}""");

    [Fact]
    public void A_name_that_is_no_text_passes_too() =>
        Write("""{"\ud83d":1}""", stream: true, 1).ShouldBe("""{"model":"claude-opus-4-8","stream":true,"max_tokens":1,"\ud83d":1}""");

    [Fact]
    public async Task A_client_of_anthropics_own_api_reaches_it_with_its_features_and_gets_its_bytes()
    {
        await using var provider = await FakeProviderServer.StartAsync();
        using var http = new ProviderHttp(Options.Create(new CallOptions()));
        var adapter = new AnthropicAdapter(new ProviderExchange(http, TimeProvider.System), TimeProvider.System);
        var deployment = AnthropicGoldenTests.Deployment("claude-opus-4-8") with { BaseAddress = new Uri(provider.BaseUrl + "/"), MaxOutputTokens = 32_000 };
        var body = Encoding.UTF8.GetBytes("""{"model":"claude","max_tokens":50000,"messages":[{"role":"user","content":"Hi"}],"metadata":{"user_id":"u"}}""");
        var chat = ChatRequest.Read(body, out _, out _)!;
        string[] refused =
        [
            "server-side-fallback-2026-01-01", "advisor-tool-2026-03-01", "compact-2026-01-12", "context-management-2025-06-27", "fast-mode-2026-02-01",
            "MCP-client-2025-11-20", "code-execution-2025-08-25", "web-search-2025-03-05", "web-fetch-2025-09-10", "files-api-2025-04-14", "inline-tools-2026-01-01",
            "skills-2025-10-02",
        ];

        var reply = await adapter.SendAsync(
            await HoldAsync(chat.MaxOutputTokens!.Value),
            new ProviderRequest(deployment, chat, Stream: false, MaxTokens: null, Written: () => { })
            {
                Client = new ClientBody(Dialect.AnthropicMessages, body) { Betas = ["context-1m-2025-08-07", "bad\r\nx-injected: 1", .. refused, "interleaved-thinking-2025-05-14"] },
            },
            CancellationToken.None);

        (reply.Fault, reply.Wire, reply.Translator).ShouldBe((null, Dialect.AnthropicMessages, null));
        using var answer = await JsonDocument.ParseAsync(reply.Body!);
        answer.RootElement.GetProperty("type").GetString().ShouldBe("message");
        var sent = provider.Calls.Single();
        sent.Headers["anthropic-beta"].ShouldBe("context-1m-2025-08-07,interleaved-thinking-2025-05-14");
        Encoding.UTF8.GetString(sent.Body).ShouldBe(
            """{"model":"claude-opus-4-8","stream":false,"max_tokens":32000,"messages":[{"role":"user","content":"Hi"}],"metadata":{"user_id":"u"}}""");
    }

    private static async Task<HeldCall> HoldAsync(long outputTokens)
    {
        var billing = new ScriptedBilling(request => new HoldReply { Hold = new() { OutputTokens = ((HoldRequest)request).OutputTokens } });
        var watch = new BillingWatch(billing.Client, TimeProvider.System, NullLogger<BillingWatch>.Instance);
        var (held, _) = await HeldCall.AcquireAsync(
            billing.Client, watch, new HoldRequest { RequestId = "req_1", OutputTokens = outputTokens }, new BillingOptions(), TimeProvider.System);
        return held.ShouldNotBeNull();
    }

    private static string Write(string body, bool stream, long maxTokens)
    {
        var output = new ArrayBufferWriter<byte>();
        AnthropicNative.Write(Encoding.UTF8.GetBytes(body), AnthropicGoldenTests.Deployment("claude-opus-4-8"), stream, maxTokens, output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}

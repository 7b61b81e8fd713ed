using System.Net;
using System.Net.Sockets;
using System.Text;
using LlmGateway.Gateway.Tests.Anthropic;
using LlmGateway.Gateway.Tests.Hosting;

namespace LlmGateway.Gateway.Tests.Web;

/// <summary>What is refused before anybody looks at what a request asks for, and what proxies may say of it.</summary>
[Collection(GatewayCollection.Name)]
public sealed class AdmissionTests(GatewayHost gateway)
{
    [Theory]
    [InlineData("api.example", HttpStatusCode.OK)]
    [InlineData("API.example:443", HttpStatusCode.OK)]
    [InlineData("eu.inner.example", HttpStatusCode.OK)]
    [InlineData("evil.example", HttpStatusCode.BadRequest)]
    [InlineData("inner.example", HttpStatusCode.BadRequest)]
    public async Task Only_the_hosts_that_are_named_are_answered_in_the_form_of_the_API(string host, HttpStatusCode status)
    {
        await using var own = await OwnHost.StartAsync(("AllowedHosts", "api.example;*.inner.example"));
        using var client = new HttpClient { BaseAddress = own.Address, DefaultRequestHeaders = { Host = host } };

        using var response = await client.GetAsync("/");
        using var anthropic = await client.PostAsync("/v1/messages", content: null);

        response.StatusCode.ShouldBe(status);
        AnswerTests.Header(response, "x-frame-options").ShouldBe("DENY");
        foreach (var path in (string[])["/alive", "/health/", "/metrics"])
        {
            using var probe = await client.GetAsync(path);
            probe.StatusCode.ShouldNotBe(HttpStatusCode.BadRequest);
        }

        if (status != HttpStatusCode.OK)
        {
            (await ErrorAnswer.ReadAsync(response)).Code.ShouldBe("host_not_allowed");
            (await AnthropicErrorTests.ReadAsync(anthropic)).Error.GetProperty("type").GetString().ShouldBe("invalid_request_error");
        }
    }

    [Fact]
    public void A_gateway_of_production_that_answers_under_every_name_says_so_at_its_start() =>
        gateway.Log.All.Count(line => line.Text.Contains("set ALLOWED_HOSTS")).ShouldBe(1);

    [Theory]
    [InlineData("x-request-id: a\u0007b", "x-request-id")]
    [InlineData("anthropic-beta: tools\u001b[2J", "anthropic-beta")]
    [InlineData("user-agent: a\u007fb", "user-agent")]
    public async Task A_control_character_in_a_header_is_refused(string header, string named)
    {
        using var socket = new TcpClient(gateway.Address.Host, gateway.Address.Port);
        await socket.GetStream().WriteAsync(Encoding.Latin1.GetBytes($"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{header}\r\n\r\n"));

        var answer = await new StreamReader(socket.GetStream()).ReadToEndAsync();

        answer.ShouldStartWith("HTTP/1.1 400 ");
        answer.ShouldContain("\"invalid_header\"");
        answer.ShouldContain($"\"param\":\"{named}\"", Case.Insensitive);
    }

    [Fact]
    public async Task Who_reads_the_metrics_is_who_connects_whomever_a_proxy_names()
    {
        await using var own = await OwnHost.StartAsync(("Proxies:Trusted", "127.0.0.1"), ("Prometheus:AllowedNetworks", "203.0.113.7"));
        using var client = new HttpClient { BaseAddress = own.Address };
        client.DefaultRequestHeaders.Add("x-forwarded-for", "203.0.113.7");

        foreach (var path in (string[])["/metrics", "/METRICS/"])
        {
            using var response = await client.GetAsync(path);
            response.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        }
    }

    [Fact]
    public async Task An_address_that_sends_too_much_gets_no_pages_either()
    {
        await using var own = await OwnHost.StartAsync(("Limits:AddressRequestsPerMinute", "1"));
        using var client = new HttpClient { BaseAddress = own.Address };
        using var script = await client.GetAsync("/redoc/redoc.standalone.js");

        using var refused = await client.GetAsync("/redoc/redoc.standalone.js");

        script.StatusCode.ShouldBe(HttpStatusCode.OK);
        refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        (await client.GetAsync("/alive")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("127.0.0.0/8", true)]
    [InlineData("::1, 127.0.0.1", true)]
    [InlineData("10.0.0.0/8", false)]
    [InlineData("", false)]
    public async Task Only_a_proxy_that_is_named_says_what_scheme_a_client_came_with(string trusted, bool believed)
    {
        await using var own = await OwnHost.StartAsync(("Proxies:Trusted", trusted));
        using var client = new HttpClient { BaseAddress = own.Address };
        client.DefaultRequestHeaders.Add("x-forwarded-proto", "https");
        client.DefaultRequestHeaders.Add("x-forwarded-for", "203.0.113.7");

        using var response = await client.GetAsync("/alive");

        response.Headers.Contains("strict-transport-security").ShouldBe(believed);
    }
}

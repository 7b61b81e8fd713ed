using System.Net;
using System.Text;
using LlmGateway.Gateway.Tests.Admin;
using LlmGateway.Gateway.Tests.Hosting;
using LlmGateway.Gateway.Tests.Web;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Tests.Conformance;

/// <summary>HTTP as it is meant, over the whole endpoint table: a new route is covered by being there.</summary>
[Collection(GatewayCollection.Name)]
public sealed class ConformanceTests(GatewayHost gateway) : IAsyncLifetime
{
    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

    // It is Keys.Service that reads it.
    private const string PassedOn = "/admin/restore";
    private const string LogLevel = "/admin/log-level";

    // Members of an item of the catalogue are Routing's to judge.
    private static readonly string[] ReadByRouting = ["POST /admin/deployments", "PUT /admin/models/some-id"];

    private readonly HttpClient _client = gateway.ClientOf(Role.Administrator);
    private IReadOnlyList<Endpoint> _endpoints = [];

    public static TheoryData<string, string> Malformed => new()
    {
        { "nothing", "" },
        { "no JSON", "not json" },
        { "an array", "[]" },
        { "a string", "\"messages\"" },
        { "cut", "{\"model\":\"gpt-x\",\"messages\":[{\"role\":" },
        { "two values", "{} {}" },
        { "a trailing comma", "{\"a\":1,}" },
        { "a comment", "{/* */}" },
        { "NaN", "{\"a\":NaN}" },
        { "depth", $"{{\"a\":{new string('[', 5_000)}{new string(']', 5_000)}}}" },
        { "Latin-1", "{\"a\":\"caf\u00e9\"}" },
    };

    public async Task InitializeAsync() => _endpoints = await Endpoint.AllAsync(gateway);

    public Task DisposeAsync()
    {
        _client.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_method_that_a_path_does_not_take_is_405_and_names_those_that_it_does()
    {
        foreach (var endpoint in _endpoints)
        {
            // An address may fit several paths: /admin/keys/import is a key's too.
            var methods = _endpoints.Where(other => other.Fits(endpoint.Address)).SelectMany(other => other.Methods).Distinct().ToList();
            var taken = methods.Contains("GET") ? methods.Append("HEAD").Distinct().ToList() : methods;
            foreach (var method in Methods.Except(taken))
            {
                var what = $"{method} {endpoint.Path}";
                using var response = await _client.SendAsync(new(new(method), endpoint.Address));

                response.StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed, what);
                response.Content.Headers.Allow.ShouldBe([.. taken.Order(StringComparer.Ordinal), "OPTIONS"], what);
                if (method != "HEAD")
                {
                    await ErrorShape.CheckAsync(response, HttpStatusCode.MethodNotAllowed, "method_not_allowed", what);
                }
            }
        }
    }

    [Fact]
    public async Task OPTIONS_says_what_a_path_takes_and_HEAD_is_GET_without_its_body()
    {
        foreach (var endpoint in _endpoints)
        {
            using var options = await _client.SendAsync(new(HttpMethod.Options, endpoint.Address));
            options.StatusCode.ShouldBe(HttpStatusCode.NoContent, endpoint.Path);
            options.Content.Headers.Allow.ShouldBeSubsetOf(Methods.Append("OPTIONS"), endpoint.Path);
            endpoint.Methods.ShouldBeSubsetOf(options.Content.Headers.Allow, endpoint.Path);
            if (!endpoint.Methods.Contains("GET") || endpoint.Path is "/ready" or "/health/detailed")
            {
                continue;
            }

            using var head = await _client.SendAsync(new(HttpMethod.Head, endpoint.Address));
            using var get = await _client.GetAsync(endpoint.Address);
            head.StatusCode.ShouldBe(get.StatusCode, endpoint.Path);
            head.Content.Headers.ContentType.ShouldBe(get.Content.Headers.ContentType, endpoint.Path);
            (await head.Content.ReadAsByteArrayAsync()).ShouldBeEmpty(endpoint.Path);
        }
    }

    [Fact]
    public async Task A_path_below_or_beside_one_that_is_there_is_404()
    {
        foreach (var endpoint in _endpoints.Where(endpoint => !endpoint.Path.Contains('{', StringComparison.Ordinal) && endpoint.Path != "/"))
        {
            foreach (var address in new[] { $"{endpoint.Address}x", $"{endpoint.Address}/no/such/thing/at/all" })
            {
                if (_endpoints.Any(other => other.Fits(address)))
                {
                    continue;
                }

                using var response = await _client.PostAsync(address, content: null);
                await ErrorShape.CheckAsync(response, HttpStatusCode.NotFound, "not_found", address);
            }
        }
    }

    [Fact]
    public async Task A_body_of_another_type_is_415_and_one_that_is_too_large_is_413() => await EachAsync(async (method, address, example) =>
    {
        using var text = await SendAsync(method, address, Encoding.UTF8.GetBytes(example), content => content.ContentType = new("text/plain"));
        await ErrorShape.CheckAsync(text, HttpStatusCode.UnsupportedMediaType, "unsupported_media_type", address);
        using var encoded = await SendAsync(method, address, Encoding.UTF8.GetBytes(example), content => content.ContentEncoding.Add("compress"));
        await ErrorShape.CheckAsync(encoded, HttpStatusCode.UnsupportedMediaType, "unsupported_media_type", address);

        var large = new byte[GatewayHost.MaxBodyBytes + 1];
        large.AsSpan().Fill((byte)' ');
        using var plain = await SendAsync(method, address, large);
        await ErrorShape.CheckAsync(plain, HttpStatusCode.RequestEntityTooLarge, "request_too_large", address);
        using var compressed = await SendAsync(method, address, CompressionTests.Compress("gzip", large), content => content.ContentEncoding.Add("gzip"));
        await ErrorShape.CheckAsync(compressed, HttpStatusCode.RequestEntityTooLarge, "request_too_large", address);
    });

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task A_body_that_is_no_JSON_object_is_400(string what, string body) => await EachAsync(async (method, address, _) =>
    {
        using var response = await SendAsync(method, address, Encoding.Latin1.GetBytes(body));
        await ErrorShape.CheckAsync(response, HttpStatusCode.BadRequest, "invalid_json", $"{what}: {method} {address}");
    });

    [Fact]
    public async Task Half_a_character_and_a_member_of_another_type_are_400() => await EachAsync(async (method, address, example) =>
    {
        var member = System.Text.Json.Nodes.JsonNode.Parse(example)!.AsObject().First().Key;
        foreach (var value in new[] { "\"\\ud800\"", "[[[]]]" })
        {
            using var response = await SendAsync(method, address, Encoding.UTF8.GetBytes($$"""{"{{member}}":{{value}}}"""));
            if (value[0] == '[' && ReadByRouting.Contains($"{method} {address}"))
            {
                continue;
            }

            response.StatusCode.ShouldBe(HttpStatusCode.BadRequest, $"{method} {address} {member}={value}");
            (await ErrorShape.CheckAsync(response, address)).ShouldBeOneOf("invalid_json", "invalid_value", "missing_required_parameter");
        }
    });

    [Theory]
    [InlineData(1, 1, false)]
    [InlineData(2, 0, true)]
    public async Task A_body_is_the_same_in_chunks_compressed_and_over_HTTP2(int major, int minor, bool compressed) => await EachAsync(async (method, address, example) =>
    {
        var body = Encoding.UTF8.GetBytes(example);
        using var request = new HttpRequestMessage(new(method), address)
        {
            Version = new(major, minor),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(compressed ? CompressionTests.Compress("br", body) : body),
        };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.TransferEncodingChunked = major == 1;
        if (compressed)
        {
            request.Content.Headers.ContentEncoding.Add("br");
        }

        using var response = await _client.SendAsync(request);

        response.Version.ShouldBe(new(major, minor));
        if (address == LogLevel)
        {
            response.StatusCode.ShouldBe(HttpStatusCode.OK, "that is the gateway's own");
            return;
        }

        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable, $"nothing is behind the gateway here: {method} {address}");
        await ErrorShape.CheckAsync(response, address);
    });

    private async Task EachAsync(Func<string, string, string, Task> check)
    {
        var count = 0;
        foreach (var endpoint in _endpoints.Where(endpoint => endpoint.Path != PassedOn))
        {
            foreach (var (method, example) in endpoint.Bodies)
            {
                await check(method, endpoint.Address, example);
                count++;
            }
        }

        count.ShouldBeGreaterThan(25);
        gateway.Log.Errors.ShouldBeEmpty();
    }

    private async Task<HttpResponseMessage> SendAsync(
        string method, string address, byte[] body, Action<System.Net.Http.Headers.HttpContentHeaders>? change = null)
    {
        using var request = new HttpRequestMessage(new(method), address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new("application/json");
        change?.Invoke(request.Content.Headers);
        return await _client.SendAsync(request);
    }
}

using System.Net;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Gateway.Tests.Admin;
using LlmGateway.Gateway.Tests.Hosting;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Tests.Conformance;

/// <summary>Whatever is sent, an answer of ours comes back and the gateway goes on: no 500, no error in its log.</summary>
[Collection(GatewayCollection.Name)]
public sealed class FuzzTests(GatewayHost gateway)
{
    private static readonly string[] Words = ["", "x", "..", "%00", "%2F", "%", "\u00e9", "a b", "null", "-1", "9999999999999999999999", "'; drop", "<script>"];

    private static readonly string[] Fragments =
    [
        "{", "}", "[", "]", ",", ":", "\"", "null", "true", "1e999", "-0", "\"\\ud800\"", "\"\\u0000\"", "\"model\"", "\"messages\"", "\"stream\"", "\u00ff",
        "[[[[[[[[", "\"a\":{}", "\u0000",
    ];

    // What is behind the gateway is away here, and each answer that says so has waited for it.
    private const int AtOnce = 16;

    [Fact]
    public Task Hundreds_of_requests() => RunAsync(400);

    [Fact]
    [Trait("Category", "Long")]
    public Task Ten_thousand_requests() => RunAsync(10_000);

    private async Task RunAsync(int count)
    {
        using var administrator = gateway.ClientOf(Role.Administrator);
        using var client = new HttpClient(new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 }) { BaseAddress = gateway.Address };
        client.DefaultRequestHeaders.Authorization = administrator.DefaultRequestHeaders.Authorization;
        var requests = Requests([.. (await Endpoint.AllAsync(gateway)).Where(endpoint => !endpoint.Path.StartsWith("/health", StringComparison.Ordinal) && endpoint.Path != "/ready")]);

        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(count / AtOnce),
            Prop.ForAll(
                requests.ArrayOf(AtOnce).ToArbitrary(),
                sent => Task.WhenAll(sent.Select(one => AnswerAsync(client, one))).GetAwaiter().GetResult().Length == AtOnce));

        using var alive = await client.GetAsync("/alive");
        alive.StatusCode.ShouldBe(HttpStatusCode.OK);
        gateway.Log.Errors.ShouldBeEmpty();
    }

    private static async Task<bool> AnswerAsync(HttpClient client, Sent sent)
    {
        using var request = new HttpRequestMessage(new(sent.Method), sent.Address);
        if (sent.Body is { } body)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.TryAddWithoutValidation("content-type", sent.ContentType);
            request.Content.Headers.TryAddWithoutValidation("content-encoding", sent.Encoding);
        }

        request.Headers.TryAddWithoutValidation(sent.Header, sent.Word);
        using var response = await client.SendAsync(request);
        response.StatusCode.ShouldNotBe(HttpStatusCode.InternalServerError, sent.ToString());
        if ((int)response.StatusCode >= 400 && sent.Method != "HEAD")
        {
            await ErrorShape.CheckAsync(response, sent.ToString());
        }

        return true;
    }

    private static Gen<Sent> Requests(IReadOnlyList<Endpoint> endpoints) =>
        from endpoint in Gen.Elements<Endpoint>(endpoints)
        from method in Gen.Frequency((6, Gen.Elements<string>(endpoint.Methods)), (1, Gen.Elements("GET", "POST", "PATCH", "DELETE", "PURGE", "HEAD")))
        from segment in Gen.Elements(Words)
        from query in Gen.Frequency((2, Gen.Constant("")), (1, Gen.Elements("?limit=x", "?limit=5&limit=6", "?offset=-1", "?cursor=%ff", "?format=array", "?dry_run=perhaps", "?=&&&")))
        from body in Bodies(endpoint.Bodies.Values.FirstOrDefault() ?? "{}")
        from type in Gen.Frequency((8, Gen.Constant("application/json")), (1, Gen.Elements("", "text/html", "application/json; charset=utf-7", ";;;")))
        from encoding in Gen.Frequency((8, Gen.Constant("identity")), (1, Gen.Elements("gzip", "br", "deflate", "gzip, gzip", "x")))
        from header in Gen.Elements("x-request-id", "anthropic-version", "anthropic-beta", "idempotency-key", "x-stainless-retry-count", "accept", "cookie")
        from word in Gen.Elements(Words)
        select new Sent(
            method,
            endpoint.With(Uri.EscapeDataString(segment.Length == 0 ? "x" : segment)) + query,
            method is "GET" or "HEAD" ? null : body, type, encoding, header, word);

    // An example of a body with pieces put in, taken out or doubled.
    private static Gen<byte[]> Bodies(string example) =>
        from pieces in Gen.Elements(Fragments).ListOf()
        from at in Gen.Choose(0, example.Length)
        from length in Gen.Choose(0, example.Length - at)
        from kind in Gen.Choose(0, 3)
        select Encoding.Latin1.GetBytes(kind switch
        {
            0 => example.Insert(at, string.Concat(pieces)),
            1 => example.Remove(at, length),
            2 => example.Insert(at, example.Substring(at, length)),
            _ => string.Concat(pieces),
        });

    private sealed record Sent(string Method, string Address, byte[]? Body, string ContentType, string Encoding, string Header, string Word)
    {
        public override string ToString() => $"{Method} {Address} {ContentType} {Encoding} {Header}: {Word}\n{System.Text.Encoding.UTF8.GetString(Body ?? [])}";
    }
}

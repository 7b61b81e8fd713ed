using System.IO.Compression;
using System.Net;
using System.Text;
using LlmGateway.Gateway.Tests.Hosting;

namespace LlmGateway.Gateway.Tests.Web;

/// <summary>Compressed bodies: taken for what they come to.</summary>
[Collection(GatewayCollection.Name)]
public sealed class CompressionTests(GatewayHost gateway)
{
    private const string Valid = """{"model":"gpt-x","messages":[{"role":"user","content":"hi"}]}""";

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("GZIP")]
    public async Task A_compressed_body_is_read(string encoding)
    {
        using var whole = await PostAsync(Compress(encoding, Encoding.UTF8.GetBytes(Valid)), encoding);
        using var faulty = await PostAsync(Compress(encoding, """{"messages":7}"""u8.ToArray()), encoding);

        whole.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable, "nothing is behind the gateway here");
        (await ErrorAnswer.ReadAsync(faulty)).Param.ShouldBe("messages");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task A_body_that_is_small_only_while_it_is_compressed_is_413(string encoding)
    {
        var bomb = Compress(encoding, new byte[GatewayHost.MaxBodyBytes * 100]);
        bomb.Length.ShouldBeLessThan(GatewayHost.MaxBodyBytes);

        using var response = await PostAsync(bomb, encoding);

        var error = await ErrorAnswer.ReadAsync(response);
        (error.Status, error.Code).ShouldBe((HttpStatusCode.RequestEntityTooLarge, "request_too_large"));
    }

    [Theory]
    [InlineData("gzip", "/v1/chat/completions")]
    [InlineData("br", "/v1/chat/completions")]
    [InlineData("deflate", "/v1/chat/completions")]
    [InlineData("br", "/v1/responses")]
    public async Task A_body_that_is_not_what_its_encoding_says_is_400(string encoding, string path)
    {
        using var response = await PostAsync(Encoding.UTF8.GetBytes(Valid), encoding, path);

        var error = await ErrorAnswer.ReadAsync(response);
        (error.Status, error.Code).ShouldBe((HttpStatusCode.BadRequest, "invalid_compression"));
    }

    internal static byte[] Compress(string encoding, byte[] body)
    {
        using var output = new MemoryStream();
        using (Stream compressing = encoding.ToLowerInvariant() switch
        {
            "gzip" => new GZipStream(output, CompressionLevel.Optimal),
            "br" => new BrotliStream(output, CompressionLevel.Fastest),
            _ => new ZLibStream(output, CompressionLevel.Optimal),
        })
        {
            compressing.Write(body);
        }

        return output.ToArray();
    }

    private async Task<HttpResponseMessage> PostAsync(byte[] body, string encoding, string path = "/v1/chat/completions")
    {
        using var client = gateway.Client();
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new("application/json");
        content.Headers.ContentEncoding.Add(encoding);
        return await client.PostAsync(path, content);
    }
}

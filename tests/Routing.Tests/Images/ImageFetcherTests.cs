using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Images;
using LlmGateway.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace LlmGateway.Routing.Tests.Images;

/// <summary>
/// Images that a request names by address. The server is one of this machine, which the fetcher's own check would refuse: here it refuses one
/// port of it and lets the other through, so that a redirect into a private network can be seen.
/// </summary>
public sealed class ImageFetcherTests : IAsyncLifetime
{
    private static readonly byte[] Png = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3];

    private WebApplication _public = null!;
    private WebApplication _private = null!;
    private int _privateCalls;

    private string Address => _public.Urls.Single();

    public async Task InitializeAsync()
    {
        _private = await ServeAsync(context =>
        {
            _privateCalls++;
            return context.Response.Body.WriteAsync(Png).AsTask();
        });
        _public = await ServeAsync(AnswerAsync);
    }

    public async Task DisposeAsync()
    {
        await _public.DisposeAsync();
        await _private.DisposeAsync();
    }

    [Theory]
    [InlineData("/image")]
    [InlineData("/redirect?to=/image")]
    [InlineData("/endless-type")]
    public async Task An_image_is_fetched_as_data_by_what_it_is(string path)
    {
        using var fetcher = Fetcher(new ImageOptions());

        Encoding.ASCII.GetString(await fetcher.FetchAsync(new Uri(Address + path), CancellationToken.None))
            .ShouldBe("data:image/png;base64," + Convert.ToBase64String(Png));
    }

    [Theory]
    [InlineData("/none", "its server does not have it")]
    [InlineData("/page", "it is no PNG, JPEG, GIF or WebP image")]
    [InlineData("/empty", "it is no PNG, JPEG, GIF or WebP image")]
    [InlineData("/large", "it has more than 2048 bytes")]
    [InlineData("/large-unsaid", "it has more than 2048 bytes")]
    [InlineData("/cut", "its server broke off")]
    [InlineData("/redirect?to=/redirect", "its server redirects too often")]
    [InlineData("/redirect?to=file:///etc/passwd", "its address is not http or https, or has a user")]
    public async Task What_is_no_image_of_a_good_size_is_refused_with_a_reason(string path, string reason)
    {
        using var fetcher = Fetcher(new ImageOptions { MaxBytes = 2048 });

        (await Should.ThrowAsync<ImageException>(fetcher.FetchAsync(new Uri(Address + path), CancellationToken.None))).Message.ShouldBe(reason);
    }

    [Fact]
    public async Task A_redirect_into_a_private_network_is_not_followed()
    {
        using var fetcher = Fetcher(new ImageOptions());

        var refused = await Should.ThrowAsync<ImageException>(
            fetcher.FetchAsync(new Uri($"{Address}/redirect?to={_private.Urls.Single()}/image"), CancellationToken.None));

        refused.Message.ShouldBe("its address is not a public one");
        _privateCalls.ShouldBe(0);
    }

    [Fact]
    public async Task The_check_of_the_product_lets_nobody_at_this_machine()
    {
        using var fetcher = new ImageFetcher(Options.Create(new ImageOptions()));

        (await Should.ThrowAsync<ImageException>(fetcher.FetchAsync(new Uri(Address + "/image"), CancellationToken.None))).Message
            .ShouldBe("its address is not a public one");
    }

    [Theory]
    [InlineData("ollama", "http", true)]
    [InlineData("anthropic", "http", true)]
    [InlineData("anthropic", "https", false)]
    [InlineData("openai", "http", false)]
    public async Task Images_are_put_into_the_request_where_the_provider_does_not_fetch_them(string provider, string scheme, bool inlined)
    {
        using var fetcher = Fetcher(new ImageOptions());
        var address = Address.Replace("http:", scheme + ":", StringComparison.Ordinal) + "/image";
        var request = Request(address);

        var (chat, fault) = await Inline(fetcher, new ImageOptions { Fetch = true }).ApplyAsync(request, To(provider), CancellationToken.None);

        fault.ShouldBeNull();
        var url = inlined ? "data:image/png;base64," + Convert.ToBase64String(Png) : address;
        Encoding.UTF8.GetString(chat!.Body.Span).ShouldBe(Encoding.UTF8.GetString(request.Body.Span).Replace(address, url, StringComparison.Ordinal));
        JsonDocument.Parse(chat.Body).RootElement.GetProperty("messages")[0].GetProperty("content").GetArrayLength().ShouldBe(3);
    }

    [Fact]
    public async Task Off_nothing_is_fetched_and_too_many_or_too_slow_images_are_refused_by_name()
    {
        using var fetcher = Fetcher(new ImageOptions());
        var request = Request(Address + "/image");

        (await Inline(fetcher, new ImageOptions()).ApplyAsync(request, To("ollama"), CancellationToken.None)).Chat.ShouldBeSameAs(request);
        var many = (await Inline(fetcher, new ImageOptions { Fetch = true, MaxCount = 1 }).ApplyAsync(request, To("ollama"), CancellationToken.None)).Fault!;
        var slow = (await Inline(fetcher, new ImageOptions { Fetch = true, Timeout = TimeSpan.FromMilliseconds(100) })
            .ApplyAsync(Request(Address + "/silent"), To("ollama"), CancellationToken.None)).Fault!;

        (many.Failure, many.Code, many.Param).ShouldBe((CallFailure.InvalidRequest, "invalid_image_url", "messages"));
        many.Message.ShouldBe("More than 1 images would have to be fetched.");
        slow.Message.ShouldBe("An image cannot be fetched: its server takes too long.");
    }

    private static ChatRequest Request(string address) => ChatRequest.Read(Encoding.UTF8.GetBytes("""
        {"messages":[{"role":"user","content":[{"type":"text","text":"Look"},{"type":"image_url","image_url":{"detail":"low","url":"ADDRESS"}},{"type":"image_url","image_url":"ADDRESS"}]}]}
        """.Replace("ADDRESS", address, StringComparison.Ordinal)), out _, out _)!;

    private static Deployment To(string provider) => new() { Id = provider, ModelName = "m", Provider = provider, UpstreamModel = "m", Adapter = "openai" };

    private static InlineImages Inline(ImageFetcher fetcher, ImageOptions options) => new(fetcher, Options.Create(options), TimeProvider.System);

    private ImageFetcher Fetcher(ImageOptions options) => new(Options.Create(options), ConnectAsync);

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        if (_private.Urls.Single().EndsWith(context.DnsEndPoint.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal))
        {
            return await PublicNetwork.ConnectAsync(context, cancellationToken);
        }

        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, cancellationToken);
        return client.GetStream();
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        var body = context.Response.Body;
        switch (context.Request.Path.Value)
        {
            case "/image":
                await body.WriteAsync(Png);
                break;
            case "/endless-type":
                context.Response.ContentType = "text/plain";
                await body.WriteAsync(Png);
                break;
            case "/page":
                context.Response.ContentType = "image/png";
                await body.WriteAsync("<html>"u8.ToArray());
                break;
            case "/empty":
                break;
            case "/large":
                context.Response.ContentLength = 4096;
                await body.WriteAsync(new byte[4096]);
                break;
            case "/large-unsaid":
                await body.WriteAsync(new byte[4096]);
                break;
            case "/cut":
                await body.WriteAsync(Png);
                await body.FlushAsync();

                // Ends the connection without the last chunk; Abort() may lose what was written.
                throw new IOException("The connection ends here.");
            case "/silent":
                await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                break;
            case "/redirect":
                context.Response.Redirect(context.Request.Query["to"].ToString() is "/redirect" ? "/redirect?to=/redirect" : context.Request.Query["to"]!);
                break;
            default:
                context.Response.StatusCode = 404;
                break;
        }
    }

    private static async Task<WebApplication> ServeAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync();
        return app;
    }
}

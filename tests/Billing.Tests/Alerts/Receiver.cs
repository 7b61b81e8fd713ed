using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace LlmGateway.Billing.Tests.Alerts;

/// <summary>What somebody who is told of alerts has: a socket of its own, and the secret.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    public const string Secret = "a-secret-of-the-tests-of-alerts";
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<JsonElement> _received = new();

    private Receiver()
    {
        // Empty: the endpoints of Billing's own appsettings.json are not its.
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.Run(ReceiveAsync);
    }

    /// <summary>What is answered to an account's alerts; 204 unless a test says otherwise.</summary>
    public Func<string, HttpContext, Task> Answer { get; set; } = (_, context) => Status(context, 204);

    /// <summary>Requests to other paths than the one that is configured.</summary>
    public int Elsewhere { get; private set; }

    public (string, string)[] Settings =>
        [("Billing:AlertWebhookUrl", _app.Urls.Single() + "/hook"), ("Billing:AlertWebhookSecret", Secret), ("Billing:AlertWebhookAllowPrivate", "true")];

    public static async Task<Receiver> StartAsync()
    {
        var receiver = new Receiver();
        await receiver._app.StartAsync();
        return receiver;
    }

    public static Task Status(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    /// <summary>Accepted or not.</summary>
    public List<JsonElement> Of(string account) => [.. _received.Where(alert => alert.GetProperty("account").GetString() == account)];

    public int CountOf(string account) => Of(account).Count;

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context)
    {
        if (context.Request is not { Method: "POST", Path.Value: "/hook" })
        {
            Elsewhere++;
            return;
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        if (!IsGenuine(context.Request.Headers, body.ToArray()))
        {
            await Status(context, 401);
            return;
        }

        var alert = JsonDocument.Parse(body.ToArray()).RootElement;
        _received.Enqueue(alert);
        await Answer(alert.GetProperty("account").GetString()!, context);
    }

    // The recipe of docs/operations.md.
    private static bool IsGenuine(IHeaderDictionary headers, byte[] body)
    {
        var timestamp = headers["x-llmgateway-timestamp"].ToString();
        var signed = Encoding.UTF8.GetBytes($"{timestamp}.{Encoding.UTF8.GetString(body)}");
        var expected = "v1=" + Convert.ToHexString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), signed)).ToLowerInvariant();
        return long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(expected), Encoding.ASCII.GetBytes(headers["x-llmgateway-signature"].ToString()));
    }
}

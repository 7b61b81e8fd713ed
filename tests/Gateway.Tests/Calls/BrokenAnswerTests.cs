using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using LlmGateway.Gateway.Calls;
using LlmGateway.Gateway.Tests.Hosting;
using LlmGateway.ServiceDefaults.Shutdown;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Gateway.Tests.Calls;

/// <summary>How an answer ends on the wire, behind the gateway's own error boundary and log rules.</summary>
public sealed class BrokenAnswerTests : IAsyncLifetime
{
    private readonly WebApplication _app = Build();

    public Task InitializeAsync() => _app.StartAsync();

    public async Task DisposeAsync() => await _app.DisposeAsync();

    [Fact]
    public async Task A_whole_stream_ends_with_its_terminator_and_the_final_chunk() =>
        (await ReadAsync("/whole", slow: false)).ShouldEndWith("data: [DONE]\n\n\r\n0\r\n\r\n");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_broken_stream_delivers_its_error_and_ends_without_the_final_chunk(bool slow)
    {
        var answer = await ReadAsync("/broken", slow);

        answer.ShouldContain("data: {\"error\":1}\n\n");
        answer.ShouldNotContain("[DONE]");
        answer.ShouldNotContain("\r\n0\r\n");
        _app.Services.GetRequiredService<LogLines>().Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_exception_that_nobody_expected_is_500_without_detail_and_one_logged_error()
    {
        using var client = new HttpClient { BaseAddress = new(_app.Urls.Single()) };

        using var response = await client.GetAsync("/bug");

        var error = await ErrorAnswer.ReadAsync(response);
        (error.Status, error.Type, error.Code).ShouldBe((HttpStatusCode.InternalServerError, "server_error", "internal_error"));
        error.Message.ShouldNotContain("detail");
        _app.Services.GetRequiredService<LogLines>().Errors.ShouldHaveSingleItem().Text
            .ShouldContain(AnswerTests.Header(response, "x-request-id"));
    }

    [Fact]
    public async Task An_exception_in_the_middle_of_an_answer_breaks_it_off_and_is_logged_once()
    {
        var answer = await ReadAsync("/late-bug", slow: false);

        answer.ShouldNotContain("\r\n0\r\n");
        _app.Services.GetRequiredService<LogLines>().Errors.ShouldHaveSingleItem();
    }

    // Raw, because an HTTP client hides how the body ended. The slow reader lets the answer wait in the socket.
    private async Task<string> ReadAsync(string path, bool slow)
    {
        var address = new Uri(_app.Urls.Single());
        using var socket = new TcpClient { ReceiveBufferSize = slow ? 1024 : 64 * 1024 };
        await socket.ConnectAsync(address.Host, address.Port);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")));
        if (slow)
        {
            await _app.Services.GetRequiredService<Handled>().Task;
        }

        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync();
    }

    private static WebApplication Build()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.AddCalls();
        builder.AddLogLines();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<GracefulShutdown>();
        builder.Services.AddSingleton<Handled>();
        builder.WebHost.UseUrls($"http://{IPAddress.Loopback}:0");

        var app = builder.Build();
        var handled = app.Services.GetRequiredService<Handled>();
        app.Use(async (context, next) =>
        {
            try
            {
                await next(context);
            }
            finally
            {
                handled.SetResult();
            }
        });
        app.UseMiddleware<AnswerHeaders>();
        app.UseMiddleware<ErrorBoundary>();
        app.MapGet("/whole", async context =>
        {
            var output = await BeginAsync(context);
            output.Done();
        });
        app.MapGet("/broken", async context =>
        {
            var output = await BeginAsync(context);
            output.Event("{\"error\":1}"u8);
            await output.FlushAsync(context.RequestAborted);
            throw new AnswerBrokenOffException("provider_error");
        });
        app.MapGet("/bug", new RequestDelegate(_ => throw new InvalidOperationException("detail")));
        app.MapGet("/late-bug", async context =>
        {
            await BeginAsync(context);
            throw new InvalidOperationException("detail");
        });
        return app;
    }

    private static async Task<SseWriter> BeginAsync(HttpContext context)
    {
        AnswerHead.Stream(context.Response);
        await context.Response.StartAsync();
        var output = new SseWriter(context.Response.BodyWriter);
        output.Event(Encoding.ASCII.GetBytes($"\"{new string('x', 30_000)}\""));
        await output.FlushAsync(context.RequestAborted);
        return output;
    }

    private sealed class Handled : TaskCompletionSource;
}

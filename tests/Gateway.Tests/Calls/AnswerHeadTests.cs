using LlmGateway.Gateway.Calls;
using LlmGateway.Protos.Routing.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace LlmGateway.Gateway.Tests.Calls;

public sealed class AnswerHeadTests
{
    [Theory]
    [InlineData("gpt-4o mini/100%~", "gpt-4o mini/100%~")]
    [InlineData("通义-7b", "%E9%80%9A%E4%B9%89-7b")]
    [InlineData("a\r\nx-evil: 1\u007f", "a%0D%0Ax-evil: 1%7F")]
    public async Task A_name_outside_printable_ascii_goes_out_percent_encoded(string name, string header)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        app.MapGet("/", (HttpContext context) => AnswerHead.Provenance(context.Response, new Started { Provider = name, Model = name, Attempts = 1 }));
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };

        using var response = await http.GetAsync(new Uri("/", UriKind.Relative));

        response.EnsureSuccessStatusCode();
        response.Headers.GetValues("x-llm-provider").ShouldBe([header]);
        response.Headers.GetValues("x-llm-model").ShouldBe([header]);
    }
}

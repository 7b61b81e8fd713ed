using System.Collections.Concurrent;
using LlmGateway.SystemUnderTest;
using Microsoft.Playwright;

namespace LlmGateway.Functional.Tests;

/// <summary>The pages that show the API, in a browser: they load whole, from the gateway alone, and calls can be made from them.</summary>
[Collection(RunningSystem.Name)]
public sealed class PagesTests(RunningSystem running) : IAsyncLifetime
{
    private const float Patience = 20_000;

    private readonly ConcurrentQueue<string> _faults = [];
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async Task InitializeAsync()
    {
        _playwright = await Playwright.CreateAsync();

        // The distribution's own, which is updated with it. As root it runs only without its sandbox.
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = "/usr/bin/chromium", Args = ["--no-sandbox"] });
    }

    public async Task DisposeAsync()
    {
        await _browser!.CloseAsync();
        _playwright!.Dispose();
    }

    [Fact]
    public async Task A_call_can_be_made_from_the_page_that_tries_the_API()
    {
        var page = await OpenAsync("/docs");
        await page.Locator("button.authorize").First.ClickAsync();
        await page.GetByLabel("bearer", new() { Exact = false }).First.FillAsync(await Administrator.IssueKeyAsync(running.System, "pages"));
        await page.Locator(".auth-btn-wrapper button.authorize").First.ClickAsync();
        await page.Locator(".btn-done").First.ClickAsync();

        var operation = page.Locator("#operations-Calls-post_v1_chat_completions");
        await operation.ClickAsync();
        await operation.GetByText("Try it out").ClickAsync();
        await operation.Locator("textarea.body-param__text").FillAsync(
            $$"""{"model":"{{GatewaySystem.Model}}","messages":[{"role":"user","content":"Hello from the page"}]}""");
        await operation.Locator("button.execute").ClickAsync();

        var answer = operation.Locator(".live-responses-table");
        (await answer.Locator("tr.response td.response-col_status").First.InnerTextAsync()).ShouldStartWith("200", Case.Sensitive, await answer.InnerTextAsync());
        (await answer.InnerTextAsync()).ShouldContain("chat.completion");
        _faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_page_that_shows_the_API_does_so_and_tells_nobody()
    {
        var page = await OpenAsync("/redoc");

        await page.GetByText("/v1/chat/completions/stream").First.WaitForAsync();
        await page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        _faults.ShouldBeEmpty();
    }

    private async Task<IPage> OpenAsync(string path)
    {
        var page = await _browser!.NewPageAsync();
        page.SetDefaultTimeout(Patience);
        using var http = running.System.Client(GatewaySystem.AdminKey);
        var own = http.BaseAddress!.GetLeftPart(UriPartial.Authority);
        page.Console += (_, message) => Note(message.Type == "error", message.Text);
        page.PageError += (_, error) => Note(true, error);
        page.RequestFailed += (_, request) => Note(!request.Url.StartsWith("data:", StringComparison.Ordinal), $"{request.Url}: {request.Failure}");
        page.Request += (_, request) => Note(
            !request.Url.StartsWith(own, StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal)
            && !request.Url.StartsWith("blob:", StringComparison.Ordinal),
            $"asked for {request.Url}");
        (await page.GotoAsync($"{own}{path}"))!.Status.ShouldBe(200);
        return page;
    }

    private void Note(bool isFault, string fault)
    {
        if (isFault)
        {
            _faults.Enqueue(fault);
        }
    }
}

using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace LlmGateway.FakeProvider;

/// <summary>One call being answered by its script.</summary>
internal sealed class Performance(HttpContext context, ProviderCall call, Script script)
{
    private readonly CancellationToken _left = context.RequestAborted;
    private readonly ChatWire _wire = new(call);

    private IReadOnlyList<string> Pieces { get; } = script.Pieces
        ?? [.. Enumerable.Range(0, script.Chunks).Select(index => string.Create(CultureInfo.InvariantCulture, $"word{index} "))];

    public async Task RunAsync()
    {
        if (script.ResetBeforeHeaders)
        {
            context.Abort();
            return;
        }

        await (script.Gate?.PassAsync(_left) ?? Task.CompletedTask);
        await Task.Delay(script.HeaderDelay, _left);
        context.Response.Headers["x-request-id"] = "req_fake" + call.Id.ToString(CultureInfo.InvariantCulture);
        if (script.Status != 200 || script.Body is not null)
        {
            await ChatWire.WriteErrorAsync(context, script);
            call.Completed = true;
            return;
        }

        call.PromptTokens = script.PromptTokens ?? call.CountPromptWords();
        call.CachedTokens = script.CachedTokens;
        await (call.Stream ? StreamAsync() : AnswerAsync());
    }

    private async Task AnswerAsync()
    {
        await Task.Delay(script.FirstDelay + script.ChunkDelay * Pieces.Count, _left);
        var pieces = Pieces.Take((int)Math.Min(call.MaxTokens ?? int.MaxValue, Pieces.Count)).ToList();
        call.CompletionTokens = script.CompletionTokens ?? pieces.Count;
        var usage = script.Usage == UsagePlacement.Never ? null : _wire.Usage(script);
        var answer = _wire.Completion(string.Concat(pieces), pieces.Count < Pieces.Count ? "length" : "stop", usage);
        if (script.Ending is Ending.Cut or Ending.Stall or Ending.NoFinish)
        {
            context.Response.ContentType = "application/json";
            context.Response.ContentLength = script.Ending == Ending.NoFinish ? null : Encoding.UTF8.GetByteCount(answer);
            await WriteAsync(answer[..(answer.Length / 2)]);
            await EndAsync();
            return;
        }

        await ChatWire.WriteJsonAsync(context, script.Ending == Ending.Garbage ? "this is { not JSON" : answer);
        call.Completed = true;
    }

    private async Task StreamAsync()
    {
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        await context.Response.Body.FlushAsync(_left);
        await ThinkAsync(script.FirstDelay);
        if (script.Usage == UsagePlacement.FirstChunk)
        {
            call.CompletionTokens = script.CompletionTokens ?? Pieces.Count;
            await EventAsync(_wire.UsageChunk(_wire.Usage(script)));
        }

        await EventAsync(_wire.Chunk("""{"role":"assistant","content":"","refusal":null}""", finish: null, UsageOnContent()));
        var sent = 0;
        foreach (var piece in Pieces)
        {
            if (sent == (call.MaxTokens ?? long.MaxValue) || sent == (script.EndAfter ?? int.MaxValue))
            {
                break;
            }

            await ThinkAsync(sent == 0 ? TimeSpan.Zero : script.ChunkDelay);
            sent++;
            call.CompletionTokens = script.CompletionTokens ?? sent;
            await EventAsync(_wire.Chunk(ChatWire.ContentDelta(piece), finish: null, UsageOnContent()));
            if (sent == 1 && script.MiddleGate is { } gate)
            {
                await gate.PassAsync(_left);
            }
        }

        if (script.Ending is not (Ending.Done or Ending.NoDone))
        {
            await EndAsync();
            return;
        }

        await FinishAsync(sent < Pieces.Count ? "length" : "stop");
    }

    private async Task ThinkAsync(TimeSpan delay)
    {
        var thinking = Task.Delay(delay, _left);
        while (script.KeepAlive is { } interval && await Task.WhenAny(thinking, Task.Delay(interval, _left)) != thinking)
        {
            await WriteAsync(": OPENROUTER PROCESSING\n\n");
        }

        await thinking;
    }

    private async Task FinishAsync(string reason)
    {
        var onFinish = script.Usage is UsagePlacement.FinishChunk or UsagePlacement.EveryChunk ? _wire.Usage(script) : null;
        await EventAsync(_wire.Chunk("{}", reason, onFinish));
        if (script.Usage == UsagePlacement.LastChunk && call.IncludeUsage)
        {
            await EventAsync(_wire.UsageChunk(_wire.Usage(script)));
        }

        if (script.Ending == Ending.Done)
        {
            await EventAsync("[DONE]");
        }

        call.Completed = true;
    }

    private string? UsageOnContent() => script.Usage == UsagePlacement.EveryChunk ? _wire.Usage(script) : null;

    private async Task EndAsync()
    {
        switch (script.Ending)
        {
            case Ending.Cut:
                // An exception ends the connection without the final chunk, after what was flushed; Abort() may lose that.
                throw new IOException("The script cuts the connection here.");
            case Ending.Stall:
                await Task.Delay(Timeout.InfiniteTimeSpan, _left);
                break;
            case Ending.Garbage:
                await EventAsync("""{"id":"chatcmpl-x","choices":[{"delta":{"content":"brok""");
                await EventAsync("[DONE]");
                break;
            case Ending.ErrorEvent:
                await EventAsync(ChatWire.Error("The engine died.", "server_error", param: null, code: null));
                await EventAsync("[DONE]");
                break;
            case Ending.ErrorTail:
                await WriteAsync("{\n  \"error\": {\n    \"code\": 500,\n    \"message\": \"Internal error encountered.\"\n  }\n}\n");
                break;
            default:
                break;
        }
    }

    private Task EventAsync(string data) => WriteAsync(script.Accents
        ? $": comment\r\n\r\nevent:message\r\nid: 7\r\ndata:{data}\r\n\r\n"
        : $"data: {data}\n\n");

    private async Task WriteAsync(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        foreach (var part in bytes.Chunk(script.WriteSize == 0 ? bytes.Length : script.WriteSize))
        {
            await context.Response.Body.WriteAsync(part, _left);
            await context.Response.Body.FlushAsync(_left);
        }
    }
}

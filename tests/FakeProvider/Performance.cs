using System.Text;
using Microsoft.AspNetCore.Http;

namespace LlmGateway.FakeProvider;

/// <summary>One call being answered by its script.</summary>
internal sealed class Performance(HttpContext context, ProviderCall call, Script script)
{
    private readonly CancellationToken _left = context.RequestAborted;
    private readonly Wire _wire = Wire.Of(call, script);

    public async Task RunAsync()
    {
        if (script.ResetBeforeHeaders)
        {
            context.Abort();
            return;
        }

        await (script.Gate?.PassAsync(_left) ?? Task.CompletedTask);
        await Task.Delay(script.HeaderDelay, _left);
        _wire.AddHeaders(context.Response.Headers);
        foreach (var (name, value) in script.Headers)
        {
            context.Response.Headers[name] = value;
        }

        if (Failure() is { } failure)
        {
            await RefuseAsync(failure.Status, _wire.Error(failure));
        }
        else if (script.Status != 200 || script.Body is not null)
        {
            await RefuseAsync(script.Status, script.Body ?? "");
        }
        else
        {
            call.PromptTokens = script.PromptTokens ?? Math.Max(call.PromptWords, script.CachedTokens + script.CacheWriteTokens);
            (call.CachedTokens, call.CacheWriteTokens) = script.PrefixCache?.Take(call) ?? (script.CachedTokens, script.CacheWriteTokens);
            var answer = _wire.Generates ? Answer.Of(script, call) : Answer.None;
            await (call.Stream ? StreamAsync(answer) : AnswerAsync(answer));
        }
    }

    private ProviderError? Failure() => script switch
    {
        { Failure: { } failure } => failure,
        { Failing: { } fault } => _wire.Of(fault),
        { RefusesPrefill: true } when call.Prefill is not null => _wire.Of(Fault.Prefill),
        _ => null,
    };

    private async Task RefuseAsync(int status, string body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = status == 200 && call.Stream && script.Body is null ? _wire.StreamType : script.ContentType;
        _wire.AddRetry(context.Response.Headers);
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(body), _left);
        call.Completed = true;
    }

    private async Task AnswerAsync(Answer answer)
    {
        await Task.Delay(script.FirstDelay + script.ChunkDelay * answer.Tokens, _left);
        Count(answer.Tokens, answer.Blocks.Where(block => block.Kind == BlockKind.Thinking).Sum(block => block.Pieces.Count));
        var whole = _wire.Whole(answer);
        context.Response.ContentType = "application/json";
        if (script.Ending is Ending.Cut or Ending.Stall or Ending.NoFinish)
        {
            context.Response.ContentLength = script.Ending == Ending.NoFinish ? null : Encoding.UTF8.GetByteCount(whole);
            await WriteAsync(whole[..(whole.Length / 2)]);
            await EndAsync();
            return;
        }

        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(script.Ending == Ending.Garbage ? "this is { not JSON" : whole), _left);
        call.Completed = true;
    }

    private async Task StreamAsync(Answer answer)
    {
        context.Response.ContentType = _wire.StreamType;
        await context.Response.Body.FlushAsync(_left);
        if (script.Usage == UsagePlacement.FirstChunk)
        {
            Count(answer.Tokens, 0);
        }

        await WriteAsync(_wire.BeginsAtOnce ? _wire.Begin() : "");
        await ThinkAsync(script.FirstDelay);
        await WriteAsync(_wire.BeginsAtOnce ? "" : _wire.Begin());
        if (!await BlocksAsync(answer))
        {
            await EndAsync();
            return;
        }

        Count(answer.Tokens, answer.Blocks.Where(block => block.Kind == BlockKind.Thinking).Sum(block => block.Pieces.Count));
        await WriteAsync(_wire.Finish(answer));
        call.Completed = true;
    }

    /// <summary>False when the script ends before the answer does.</summary>
    private async Task<bool> BlocksAsync(Answer answer)
    {
        var breaks = script.Ending is not (Ending.Done or Ending.NoDone);
        var sent = 0;
        var thought = 0;
        foreach (var step in answer.Steps(interleaved: script.Interleaved && call.Endpoint == Endpoint.Chat))
        {
            if (step.Piece is null)
            {
                await WriteAsync(step.Opens ? _wire.Open(step.Block) : "");
            }
            else if (breaks && sent == script.EndAfter)
            {
                return false;
            }
            else
            {
                await ThinkAsync(sent == 0 ? TimeSpan.Zero : script.ChunkDelay);
                sent++;
                thought += step.Block.Kind == BlockKind.Thinking ? 1 : 0;
                Count(sent, thought);
                await WriteAsync(step.Opens ? _wire.Open(step.Block) : "");
                await WriteAsync(_wire.Piece(step.Block, step.Piece));
                if (sent == 1 && script.MiddleGate is { } gate)
                {
                    await gate.PassAsync(_left);
                }
            }

            await WriteAsync(step.Closes ? _wire.Close(step.Block) : "");
        }

        return !breaks;
    }

    private void Count(int tokens, int thought)
    {
        call.ReasoningTokens = script.ReasoningTokens ?? (long)thought * call.Choices;
        call.CompletionTokens = _wire.Generates ? script.CompletionTokens ?? (long)tokens * call.Choices : 0;
    }

    private async Task ThinkAsync(TimeSpan delay)
    {
        var thinking = Task.Delay(delay, _left);
        while (script.KeepAlive is { } interval && await Task.WhenAny(thinking, Task.Delay(interval, _left)) != thinking)
        {
            await WriteAsync(_wire.KeepAlive);
        }

        await thinking;
    }

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
                await WriteAsync(_wire.Garbage);
                break;
            case Ending.ErrorEvent:
                await WriteAsync(_wire.ErrorEvent(_wire.Of(script.StreamFault)));
                break;
            case Ending.ErrorTail:
                await WriteAsync(_wire.Error(_wire.Of(script.StreamFault)));
                break;
            default:
                break;
        }
    }

    private async Task WriteAsync(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        foreach (var part in bytes.Chunk(script.WriteSize == 0 ? Math.Max(1, bytes.Length) : script.WriteSize))
        {
            await context.Response.Body.WriteAsync(part, _left);
            await context.Response.Body.FlushAsync(_left);
        }
    }
}

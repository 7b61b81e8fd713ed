using Google.Protobuf;
using Grpc.Core;
using LlmGateway.Gateway.Limits;
using LlmGateway.Protos.Routing.V1;

namespace LlmGateway.Gateway.Calls;

/// <summary>Gives one call's answer in one piece, after it has been settled: until then every failure gets its true status.</summary>
internal sealed class PlainAnswer(
    HttpContext context, ClientSurface surface, IAsyncStreamReader<CompleteEvent> events, Admission admission, int quotaStatus)
{
    private ByteString? _answer;

    /// <summary>Routing has taken the call.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Returns null after the whole answer, else the error that the client was given in place of one.</summary>
    public async Task<ApiError?> RelayAsync()
    {
        while (await events.MoveNext(CancellationToken.None))
        {
            var current = events.Current;
            HasBegun = true;
            switch (current.EventCase)
            {
                case CompleteEvent.EventOneofCase.Started:
                    CallClock.Of(context).Started(current.Started);
                    AnswerHead.Provenance(context, current.Started);
                    break;
                case CompleteEvent.EventOneofCase.Chunk when current.Chunk.Events.Count > 0:
                    _answer = current.Chunk.Events[^1];
                    admission.HasOutput = true;
                    break;
                case CompleteEvent.EventOneofCase.Ended when _answer is not null:
                    CallClock.Of(context).Ended(current.Ended);
                    await admission.EndAsync(current.Ended.PromptTokens + current.Ended.OutputTokens);
                    await WriteAsync(_answer);
                    return null;
                case CompleteEvent.EventOneofCase.Failed:
                    CallClock.Of(context).Failed(current.Failed);
                    var error = FailureWire.From(current.Failed, quotaStatus);
                    await admission.FailAsync(error);
                    return await FailAsync(error);
            }
        }

        await admission.BreakOffAsync();
        return await FailAsync(ApiErrors.Internal);
    }

    public async Task<ApiError> FailAsync(ApiError error)
    {
        await surface.WriteErrorAsync(context, error);
        return error;
    }

    private Task WriteAsync(ByteString answer)
    {
        context.Response.Headers.ContentType = JsonAnswer.ContentType;
        context.Response.ContentLength = answer.Length;
        return context.Response.Body.WriteAsync(answer.Memory, context.RequestAborted).AsTask();
    }
}

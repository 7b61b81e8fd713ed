using System.Diagnostics;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Calls;

/// <summary>
/// One provider call as operators see it: a client span by OpenTelemetry's conventions for generative AI
/// (github.com/open-telemetry/semantic-conventions-genai, docs/gen-ai/gen-ai-spans.md), with the HTTP request below it, and its metrics.
/// Neither has anything of the prompt or the answer.
/// </summary>
internal sealed class AttemptTrace(Call call, Deployment deployment, RoutingMetrics metrics, TimeProvider time) : IDisposable
{
    private static readonly ActivitySource Source = new(RoutingMetrics.MeterName);

    private readonly string _operation = GenAi.OperationOf(call.Client.Dialect);
    private Activity? _span;
    private long _lastChunk;

    /// <summary>To be called where the provider is: what is called there is the span's child.</summary>
    public void Begin()
    {
        if (!Source.HasListeners())
        {
            return;
        }

        _span = Source.StartActivity(ActivityKind.Client, name: $"{_operation} {deployment.UpstreamModel}", tags: Tags());
    }

    public void FirstContent(TimeSpan after)
    {
        _lastChunk = time.GetTimestamp();
        if (call.Stream)
        {
            metrics.FirstChunk(deployment, _operation, after);
            _span?.SetTag("gen_ai.response.time_to_first_chunk", after.TotalSeconds);
        }
    }

    public void Chunk()
    {
        var now = time.GetTimestamp();
        metrics.OutputChunk(deployment, _operation, time.GetElapsedTime(_lastChunk, now));
        _lastChunk = now;
    }

    /// <param name="outcome">ok, failed, hedged or client_left.</param>
    /// <param name="reason">The failure's name; null without one.</param>
    /// <param name="status">HTTP; 0 without an answer.</param>
    public void End(string outcome, string? reason, int status, TokenUsage usage, TimeSpan duration)
    {
        metrics.Attempted(deployment, _operation, outcome, reason, duration);
        if (_span is not { } span)
        {
            return;
        }

        span.SetTag("llmgateway.attempt.outcome", outcome);
        if (status != 0)
        {
            span.SetTag("http.response.status_code", status);
        }

        if (usage != default)
        {
            span.SetTag("gen_ai.usage.input_tokens", usage.Prompt).SetTag("gen_ai.usage.output_tokens", usage.Output)
                .SetTag("gen_ai.usage.cache_read.input_tokens", usage.Cached).SetTag("gen_ai.usage.cache_creation.input_tokens", usage.CacheWrite)
                .SetTag("gen_ai.usage.reasoning.output_tokens", usage.Reasoning).SetTag("llmgateway.usage.estimated", usage.Estimated);
        }

        if (reason is not null)
        {
            span.SetTag("error.type", reason).SetStatus(ActivityStatusCode.Error);
        }

        Dispose();
    }

    /// <summary>No provider was called.</summary>
    public void Discard()
    {
        if (_span is { } span)
        {
            span.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
            span.IsAllDataRequested = false;
        }

        Dispose();
    }

    public void Dispose()
    {
        _span?.Dispose();
        _span = null;
    }

    private IEnumerable<KeyValuePair<string, object?>> Tags()
    {
        yield return new("gen_ai.operation.name", _operation);
        yield return new("gen_ai.provider.name", GenAi.ProviderOf(deployment));
        yield return new("gen_ai.request.model", deployment.UpstreamModel);
        yield return new("gen_ai.request.stream", call.Stream);
        yield return new("llmgateway.request.id", call.RequestId);
        yield return new("llmgateway.deployment", deployment.Id);
        if (call.Request.MaxOutputTokens is { } most)
        {
            yield return new("gen_ai.request.max_tokens", most);
        }

        if (call.Request.Choices != 1)
        {
            yield return new("gen_ai.request.choice.count", call.Request.Choices);
        }

        if (deployment.BaseAddress is { } address)
        {
            yield return new("server.address", address.Host);
            yield return new("server.port", address.Port);
        }
    }
}

using System.ComponentModel.DataAnnotations;
using Grpc.Core;
using LlmGateway.Protos.Routing.V1;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Caching;

/// <summary>What the gateway keeps in memory, and for how long. Section <c>Caching</c>.</summary>
internal sealed class CachingOptions
{
    public const string Section = "Caching";

    /// <summary>Seconds that the list of models is kept.</summary>
    [Range(0, 86_400)]
    public int ModelsSeconds { get; set; } = 300;
}

/// <summary>The models that Routing serves. When it cannot be asked, the list that it gave last.</summary>
internal sealed partial class ModelsCache(
    RoutingApi.RoutingApiClient routing, IOptions<CachingOptions> options, TimeProvider time, ILogger<ModelsCache> logger) : IDisposable
{
    // Until a Routing that failed is asked again: those who wait meanwhile must not ask it one after the other.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _asking = new(1);
    private Kept? _kept;

    /// <summary>By name, in Routing's order; null when Routing has never answered.</summary>
    public async ValueTask<IReadOnlyDictionary<string, Model>?> GetAsync() => (await GetKeptAsync()).Models;

    /// <summary>The model of a request that names none; empty when it is not known.</summary>
    public async ValueTask<string> GetDefaultAsync() => (await GetKeptAsync()).Default;

    public void Dispose() => _asking.Dispose();

    private async ValueTask<Kept> GetKeptAsync()
    {
        var kept = Volatile.Read(ref _kept);
        if (IsFresh(kept))
        {
            return kept!;
        }

        await _asking.WaitAsync();
        try
        {
            if (!IsFresh(_kept))
            {
                Volatile.Write(ref _kept, await AskAsync(_kept));
            }

            return _kept!;
        }
        finally
        {
            _asking.Release();
        }
    }

    private async Task<Kept> AskAsync(Kept? last)
    {
        try
        {
            var reply = await routing.ListModelsAsync(new ListModelsRequest());
            var models = new OrderedDictionary<string, Model>(reply.Models.Select(m => KeyValuePair.Create(m.Id, m)), StringComparer.Ordinal);

            // An empty list is the state of a Routing that has just started, not one to keep for minutes.
            return Keep(models, reply.DefaultModel, models.Count > 0 ? TimeSpan.FromSeconds(options.Value.ModelsSeconds) : Pause);
        }
        catch (RpcException exception)
        {
            Log.RoutingSilent(logger, exception.StatusCode);
            return Keep(last?.Models, last?.Default ?? "", Pause);
        }
    }

    private Kept Keep(OrderedDictionary<string, Model>? models, string defaultModel, TimeSpan span) =>
        new(models, defaultModel, time.GetTimestamp() + (long)(span.TotalSeconds * time.TimestampFrequency));

    private bool IsFresh(Kept? kept) => kept is not null && time.GetTimestamp() < kept.Until;

    private sealed record Kept(OrderedDictionary<string, Model>? Models, string Default, long Until);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Routing.Service does not list its models ({StatusCode}).")]
        public static partial void RoutingSilent(ILogger logger, StatusCode statusCode);
    }
}

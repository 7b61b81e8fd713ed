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
    private readonly SemaphoreSlim _asking = new(1);
    private Kept? _kept;

    /// <summary>By name, in Routing's order; null when Routing has never answered.</summary>
    public async ValueTask<IReadOnlyDictionary<string, Model>?> GetAsync()
    {
        if (Fresh() is { } models)
        {
            return models;
        }

        await _asking.WaitAsync();
        try
        {
            return Fresh() ?? await AskAsync();
        }
        finally
        {
            _asking.Release();
        }
    }

    public void Dispose() => _asking.Dispose();

    private OrderedDictionary<string, Model>? Fresh() =>
        Volatile.Read(ref _kept) is { } kept && time.GetElapsedTime(kept.At).TotalSeconds < options.Value.ModelsSeconds ? kept.Models : null;

    private async Task<OrderedDictionary<string, Model>?> AskAsync()
    {
        try
        {
            var reply = await routing.ListModelsAsync(new ListModelsRequest());
            var models = new OrderedDictionary<string, Model>(reply.Models.Select(m => KeyValuePair.Create(m.Id, m)), StringComparer.Ordinal);

            // An empty list is the state of a Routing that has just started, not one to keep for minutes.
            if (models.Count > 0)
            {
                Volatile.Write(ref _kept, new(models, time.GetTimestamp()));
            }

            return models;
        }
        catch (RpcException exception)
        {
            Log.RoutingSilent(logger, exception.StatusCode);
            return _kept?.Models;
        }
    }

    private sealed record Kept(OrderedDictionary<string, Model> Models, long At);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Routing.Service does not list its models ({StatusCode}).")]
        public static partial void RoutingSilent(ILogger logger, StatusCode statusCode);
    }
}

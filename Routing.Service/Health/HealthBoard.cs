using System.Collections.Concurrent;
using LlmGateway.Routing.Catalog;
using Microsoft.Extensions.Options;

namespace LlmGateway.Routing.Health;

/// <summary>What this process knows of its deployments and of the keys that it uses there. Each replica finds out for itself.</summary>
internal sealed partial class HealthBoard(IOptions<BreakerOptions> options, RoutingMetrics metrics, TimeProvider time, ILogger<HealthBoard> logger)
{
    // One whose threshold changes with the catalogue begins again.
    private readonly ConcurrentDictionary<(string Id, int? AllowedFails), DeploymentHealth> _deployments = new();

    // A key is one of an address: servers of one's own often share a key that is no secret.
    private readonly ConcurrentDictionary<(Uri? Address, ProviderKey Key), Cooldown> _keys = new();
    private readonly long _started = time.GetTimestamp();

    /// <summary>A clock that nobody sets: what is left alone for a minute is so for a minute.</summary>
    public TimeSpan Now => time.GetElapsedTime(_started);

    public DeploymentHealth Of(Deployment deployment) =>
        _deployments.GetOrAdd(
            (deployment.Id, deployment.AllowedFails),
            static (of, board) => new DeploymentHealth(of.Id, board, board.Options, (of.AllowedFails + 1) ?? board.Options.FailureThreshold),
            this);

    /// <summary>To be multiplied into a deployment's weight: 0.1 to 1.</summary>
    public double Share(Deployment deployment) => Of(deployment).Share;

    /// <summary>Calls that run there now, from this process.</summary>
    public int InFlight(Deployment deployment) => Of(deployment).InFlight;

    /// <summary>Why a call would not be made there now; none where it would.</summary>
    public Cooldown Look(Deployment deployment) => Of(deployment).Look(deployment);

    /// <summary>A key, at every deployment that uses it.</summary>
    public Cooldown Of(Uri? address, ProviderKey key) => _keys.GetValueOrDefault((address, key));

    public void Cool(Deployment deployment, ProviderKey key, Cooldown cooldown)
    {
        _keys.AddOrUpdate((deployment.BaseAddress, key), static (_, added) => added, static (_, known, added) => known.Or(added), cooldown);
        Cooled("A key of " + deployment.Id, cooldown);
    }

    /// <summary>By an administrator: the deployment, and the keys that it uses, are as if nothing had happened.</summary>
    public void Clear(Deployment deployment)
    {
        Of(deployment).Clear();
        foreach (var key in deployment.Keys)
        {
            _keys.TryRemove((deployment.BaseAddress, key), out _);
        }
    }

    public DateTimeOffset ToTime(Cooldown cooldown) => time.GetUtcNow() + (cooldown.Until - Now);

    /// <summary>To be called when something that was not left alone is now.</summary>
    internal void Cooled(string what, Cooldown cooldown)
    {
        metrics.Cooled(cooldown.Name);
        Log.Cooling(logger, what, (cooldown.Until - Now).TotalSeconds, cooldown.Name);
    }

    private BreakerOptions Options => options.Value;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{What} gets no calls for {Seconds:0.###} s: {Reason}.")]
        public static partial void Cooling(ILogger logger, string what, double seconds, string reason);
    }
}

using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Selection;

namespace LlmGateway.Routing.Calls;

/// <summary>
/// The deployments of one call, in the order in which they are tried: the model's, in the order of its strategy, then those of the models to
/// fall back on, each model once. A prompt that is too long, and a request that the content policy refuses, have fallbacks of their own.
/// </summary>
internal sealed class CandidateChain
{
    /// <summary>A model may name another that names a third: so many in all.</summary>
    public const int MaxModels = 8;

    private readonly CatalogSnapshot _snapshot;
    private readonly RouteSelector _selector;
    private readonly Call _call;
    private readonly HashSet<string> _seen;
    private readonly Queue<CatalogModel> _models = [];
    private IReadOnlyList<Deployment> _candidates;
    private CatalogModel _model;
    private int _next;

    public CandidateChain(CatalogSnapshot snapshot, RouteSelector selector, CatalogModel model, Call call)
    {
        (_snapshot, _selector, _model, _call) = (snapshot, selector, model, call);
        _seen = [model.Name];
        _candidates = ModelFit.Among(selector.Candidates(snapshot, model, call), call.Request);
        Hedge = model.Hedge;
        Reachable = HasFallbacks(model) ? [.. _candidates, .. ModelFit.Among([.. Others(snapshot, model)], call.Request)] : _candidates;
        Enqueue(model.Fallbacks);
    }

    /// <summary>Every deployment that the call may come to: what its hold has to cover.</summary>
    public IReadOnlyList<Deployment> Reachable { get; }

    /// <summary>The model asks for <see cref="CatalogModel.Hedge"/>.</summary>
    public bool Hedge { get; }

    /// <summary>The catalogue's budget of provider calls; null where the gateway's own setting counts.</summary>
    public int? MaxAttempts => _snapshot.Router.Retries + 1;

    /// <summary>The catalogue's pause before a retry; null likewise.</summary>
    public TimeSpan? RetryDelay => _snapshot.Router.RetryDelay;

    /// <summary>The next one is of the same model.</summary>
    public bool HasSibling => _next < _candidates.Count;

    /// <summary>The next one; null when all were given.</summary>
    public Deployment? Next()
    {
        while (_next == _candidates.Count)
        {
            if (!_models.TryDequeue(out var model))
            {
                return null;
            }

            (_model, _candidates, _next) = (model, ModelFit.Among(_selector.Candidates(_snapshot, model, _call), _call.Request), 0);
            Enqueue(model.Fallbacks);
        }

        return _candidates[_next++];
    }

    /// <summary>Goes on with the models that are there for this fault of the model at hand, and with nothing else.</summary>
    /// <returns>False when there are none.</returns>
    public bool TurnTo(CallFault fault)
    {
        var names = fault switch
        {
            { IsTooLong: true } => _model.ContextWindowFallbacks,
            { IsContentPolicy: true } => _model.ContentPolicyFallbacks,
            _ => [],
        };
        // One that was to come later may be the very one that is there for this.
        _seen.ExceptWith(_models.Select(model => model.Name));
        _models.Clear();
        Enqueue(names);
        _next = _candidates.Count;
        return _models.Count > 0;
    }

    private void Enqueue(IReadOnlyList<string> names)
    {
        foreach (var name in names)
        {
            if (_seen.Count < MaxModels && _snapshot.Find(name) is { } model && _seen.Add(model.Name))
            {
                _models.Enqueue(model);
            }
        }
    }

    private static bool HasFallbacks(CatalogModel model) =>
        model.Fallbacks.Count + model.ContextWindowFallbacks.Count + model.ContentPolicyFallbacks.Count > 0;

    private static IEnumerable<Deployment> Others(CatalogSnapshot snapshot, CatalogModel first)
    {
        var seen = new HashSet<string> { first.Name };
        var models = new Queue<(CatalogModel Model, int Depth)>([(first, 1)]);
        while (models.TryDequeue(out var item))
        {
            foreach (var name in item.Model.Fallbacks.Concat(item.Model.ContextWindowFallbacks).Concat(item.Model.ContentPolicyFallbacks))
            {
                if (item.Depth < MaxModels && snapshot.Find(name) is { } model && seen.Add(model.Name))
                {
                    models.Enqueue((model, item.Depth + 1));
                    foreach (var deployment in model.Deployments)
                    {
                        yield return deployment;
                    }
                }
            }
        }
    }
}

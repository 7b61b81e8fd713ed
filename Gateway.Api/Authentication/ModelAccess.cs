using LlmGateway.Gateway.Caching;
using LlmGateway.Gateway.Calls;

namespace LlmGateway.Gateway.Authentication;

/// <summary>Decides whether a key may ask for a model. What a fallback leads to needs no right of its own.</summary>
internal sealed class ModelAccess(ModelsCache models)
{
    /// <summary>The name that Routing is to be asked for, or the reason why not.</summary>
    /// <remarks>
    /// A request may leave the model to us. Routing would then choose by a setting that may have changed since it was looked at here, so a
    /// key that is not allowed everything asks for the default by its name: what was checked is what is called.
    /// </remarks>
    public async ValueTask<(string Model, ApiError? Refusal)> ChooseAsync(Caller caller, string model)
    {
        if (caller.AllowedModels.AllowsAll)
        {
            return (model, null);
        }

        var name = model.Length > 0 ? model : await models.GetDefaultAsync();
        return string.IsNullOrEmpty(name) ? (model, ApiErrors.RoutingUnavailable)
            : caller.AllowedModels.Allows(name) ? (name, null)
            : (model, ApiErrors.ModelNotAllowed(name));
    }
}

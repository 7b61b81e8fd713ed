using LlmGateway.Protos.Routing.V1;
using Microsoft.AspNetCore.Http.Features;

namespace LlmGateway.Gateway.Calls;

/// <summary>When a request arrived, and what Routing said of its call: for its metrics and its headers.</summary>
internal sealed class CallClock(TimeProvider time)
{
    /// <summary>In place of a model that the catalogue does not have: what clients write must not make a series each.</summary>
    public const string OtherModel = "other";

    private readonly long _arrived = time.GetTimestamp();

    public TimeSpan Elapsed => time.GetElapsedTime(_arrived);

    /// <summary>The catalogue's name.</summary>
    public string Model { get; private set; } = OtherModel;

    /// <summary>Empty where nobody answered.</summary>
    public string Provider { get; private set; } = "";

    /// <summary>Until the first content, less what providers took of it; null where there was none.</summary>
    public TimeSpan? Added { get; private set; }

    public static CallClock Of(HttpContext context) => context.Features.GetRequiredFeature<CallClock>();

    public void Started(Started started)
    {
        (Model, Provider) = (started.Model, started.Provider);
        var added = Elapsed - TimeSpan.FromMicroseconds(started.ProviderMicroseconds);
        Added = added > TimeSpan.Zero ? added : TimeSpan.Zero;
    }

    public void Failed(Failed failed) => Model = failed.Model.Length > 0 ? failed.Model : Model;
}

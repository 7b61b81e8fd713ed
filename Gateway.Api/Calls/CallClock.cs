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

    public string Deployment { get; private set; } = "";

    /// <summary>Provider calls.</summary>
    public int Attempts { get; private set; }

    /// <summary>What the whole call used, once it has ended.</summary>
    public long PromptTokens { get; private set; }

    public long OutputTokens { get; private set; }

    public long CostNanoUsd { get; private set; }

    /// <summary>Why Routing gave no answer; unspecified where it did, or was not the one who refused.</summary>
    public CallFailure Failure { get; private set; }

    /// <summary>For providers, until the first content; null where there was none.</summary>
    public TimeSpan? ProviderWait { get; private set; }

    /// <summary>Until the first content, less what providers took of it; null where there was none.</summary>
    public TimeSpan? Added { get; private set; }

    public static CallClock Of(HttpContext context) => context.Features.GetRequiredFeature<CallClock>();

    public void Started(Started started)
    {
        (Model, Provider, Deployment, Attempts) = (started.Model, started.Provider, started.Deployment, started.Attempts);
        ProviderWait = TimeSpan.FromMicroseconds(started.ProviderMicroseconds);
        var added = Elapsed - TimeSpan.FromMicroseconds(started.ProviderMicroseconds);
        Added = added > TimeSpan.Zero ? added : TimeSpan.Zero;
    }

    public void Ended(Ended ended)
    {
        (PromptTokens, OutputTokens, CostNanoUsd) = (ended.PromptTokens, ended.OutputTokens, ended.CostNanoUsd);
        Attempts = Math.Max(Attempts, ended.Attempts);
    }

    public void Failed(Failed failed)
    {
        Model = failed.Model.Length > 0 ? failed.Model : Model;
        Failure = failed.Failure;
        Attempts = Math.Max(Attempts, failed.Attempts);
    }
}

using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public interface IResourceWithServiceDiscovery : IResourceWithEndpoints;

/// <summary>What the generated classes in namespace Projects are.</summary>
public interface IProjectMetadata : IResourceAnnotation
{
    /// <summary>Absolute path of the csproj.</summary>
    string ProjectPath { get; }

    bool SuppressBuild => false;
}

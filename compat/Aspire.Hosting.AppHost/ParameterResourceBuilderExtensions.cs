using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static class ParameterResourceBuilderExtensions
{
    /// <summary>The value of <c>Parameters:{name}</c> in AppHost's configuration.</summary>
    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder,
        string name,
        bool secret = false) => builder.AddResource(new ParameterResource(name, _ => Configured(builder, name), secret));

    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder,
        string name,
        string value,
        bool publishValueAsDefault = false,
        bool secret = false) => builder.AddParameter(name, () => value, publishValueAsDefault, secret);

    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder,
        string name,
        Func<string> valueGetter,
        bool publishValueAsDefault = false,
        bool secret = false)
    {
        _ = publishValueAsDefault; // Only publishing asks, and nothing is published here.
        return builder.AddResource(new ParameterResource(name, _ => valueGetter(), secret));
    }

    /// <summary>A server that exists already: <c>ConnectionStrings:{name}</c> in AppHost's configuration.</summary>
    public static IResourceBuilder<IResourceWithConnectionString> AddConnectionString(
        this IDistributedApplicationBuilder builder,
        string name,
        string? environmentVariableName = null)
    {
        var value = new ParameterResource(
            name,
            _ => builder.Configuration[$"ConnectionStrings:{name}"] ?? throw new DistributedApplicationException(
                $"Connection string resource could not be used because connection string '{name}' is missing."),
            secret: true);
        return builder.AddResource(new ConnectionStringResource(name, value, environmentVariableName));
    }

    /// <summary>
    /// A password: configured, or generated. One that belongs to data in the state folder is kept there; any other is new in each run.
    /// </summary>
    internal static ParameterResource CreateDefaultPassword(this IDistributedApplicationBuilder builder, string name, Func<bool> durable)
    {
        var state = DistributedApplicationBuilder.Of(builder).State;
        return new ParameterResource(name, _ => builder.Configuration[$"Parameters:{name}"] ?? state.Secret(name, durable()), secret: true);
    }

    private static string Configured(IDistributedApplicationBuilder builder, string name) =>
        builder.Configuration[$"Parameters:{name}"] ?? throw new DistributedApplicationException(
            $"Parameter resource could not be used because configuration key 'Parameters:{name}' is missing and the Parameter has no default value.");
}

using System.Globalization;

namespace Aspire.Hosting.ApplicationModel;

public enum EndpointProperty
{
    Url = 0,
    Host = 1,
    IPV4Host = 2,
    Port = 3,
    Scheme = 4,
    TargetPort = 5,
    HostAndPort = 6,
}

/// <summary>An endpoint by name. Its address is known once the application has started; GetValueAsync waits for that.</summary>
public sealed class EndpointReference(IResourceWithEndpoints owner, string endpointName) : IValueProvider, IManifestExpressionProvider
{
    public IResourceWithEndpoints Resource => owner;

    public string EndpointName => endpointName;

    public bool Exists => Annotation is not null;

    public bool IsAllocated => Annotation?.AllocatedPort is not null;

    public string Url => $"{Scheme}://{Host}:{Port.ToString(CultureInfo.InvariantCulture)}";

    public string Host => Required.ClientHost;

    /// <exception cref="InvalidOperationException">The application has not started.</exception>
    public int Port => Required.AllocatedPort ?? throw new InvalidOperationException(
        $"The endpoint `{endpointName}` is not allocated for the resource `{owner.Name}`.");

    public int? TargetPort => Required.AllocatedPort ?? Required.TargetPort;

    public string Scheme => Required.UriScheme;

    public bool IsHttp => Scheme == "http";

    public bool IsHttps => Scheme == "https";

    string IManifestExpressionProvider.ValueExpression => Property(EndpointProperty.Url).ValueExpression;

    internal EndpointAnnotation? Annotation =>
        owner.Annotations.OfType<EndpointAnnotation>().LastOrDefault(e => string.Equals(e.Name, endpointName, StringComparison.OrdinalIgnoreCase));

    internal EndpointAnnotation Required => Annotation ?? throw new InvalidOperationException(
        $"Endpoint with name '{endpointName}' not found in resource '{owner.Name}'.");

    /// <summary>The endpoint that is meant when none is named: https before http, and the one that is named so before others.</summary>
    internal static EndpointReference? DefaultHttp(IResourceWithEndpoints resource) => resource.Annotations.OfType<EndpointAnnotation>()
        .Where(e => e.IsHttpScheme)
        .OrderBy(e => e.UriScheme == "https" ? 0 : 1)
        .ThenBy(e => e.Name == e.UriScheme ? 0 : 1)
        .Select(e => new EndpointReference(resource, e.Name))
        .FirstOrDefault();

    public EndpointReferenceExpression Property(EndpointProperty property) => new(this, property);

    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) =>
        Property(EndpointProperty.Url).GetValueAsync(cancellationToken);
}

public class EndpointReferenceExpression(EndpointReference endpointReference, EndpointProperty property)
    : IValueProvider, IManifestExpressionProvider
{
    public EndpointReference Endpoint => endpointReference;

    public EndpointProperty Property => property;

#pragma warning disable CA1308 // The manifest's own spelling is lower case.
    public string ValueExpression =>
        $"{{{endpointReference.Resource.Name}.bindings.{endpointReference.EndpointName}.{property.ToString().ToLowerInvariant()}}}";
#pragma warning restore CA1308

    public async ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default)
    {
        var port = (await endpointReference.Required.Allocated.WaitAsync(cancellationToken)).ToString(CultureInfo.InvariantCulture);
        return property switch
        {
            EndpointProperty.Url => endpointReference.Url,
            EndpointProperty.Host => endpointReference.Host,
            EndpointProperty.IPV4Host => "127.0.0.1",
            EndpointProperty.Port or EndpointProperty.TargetPort => port,
            EndpointProperty.Scheme => endpointReference.Scheme,
            EndpointProperty.HostAndPort => $"{endpointReference.Host}:{port}",
            _ => throw new ArgumentOutOfRangeException(nameof(cancellationToken), property, "Not a property of an endpoint."),
        };
    }
}

namespace Aspire.Hosting.ApplicationModel;

public class RedisResource : ContainerResource, IResourceWithConnectionString
{
    internal const string EndpointName = "tcp";

    public RedisResource(string name)
        : base(name) => PrimaryEndpoint = new EndpointReference(this, EndpointName);

    public EndpointReference PrimaryEndpoint { get; }

    public ParameterResource? PasswordParameter { get; internal set; }

    /// <summary>host:port,password=… as StackExchange.Redis reads it.</summary>
    public ReferenceExpression ConnectionStringExpression => PasswordParameter is null
        ? ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.HostAndPort)}")
        : ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.HostAndPort)},password={PasswordParameter}");

    public IEnumerable<KeyValuePair<string, ReferenceExpression>> GetConnectionProperties()
    {
        var address = PrimaryEndpoint.Property(EndpointProperty.HostAndPort);
        yield return new("Host", ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.Host)}"));
        yield return new("Port", ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.Port)}"));
        if (PasswordParameter is null)
        {
            yield return new("Uri", ReferenceExpression.Create($"redis://{address}"));
            yield break;
        }

        yield return new("Password", ReferenceExpression.Create($"{PasswordParameter}"));
        yield return new("Uri", ReferenceExpression.Create($"redis://:{PasswordParameter}@{address}"));
    }
}

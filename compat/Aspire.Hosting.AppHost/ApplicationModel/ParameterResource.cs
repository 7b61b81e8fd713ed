namespace Aspire.Hosting.ApplicationModel;

/// <summary>A value from configuration (<c>Parameters:{name}</c>), from code, or generated. It is computed once.</summary>
public class ParameterResource(string name, Func<object?, string> callback, bool secret = false)
    : Resource(name), IValueProvider, IManifestExpressionProvider
{
    private readonly Lazy<string> _value = new(() => callback(null));

    public bool Secret => secret;

    public string ValueExpression => $"{{{Name}.value}}";

    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken) => ValueTask.FromResult<string?>(_value.Value);
}

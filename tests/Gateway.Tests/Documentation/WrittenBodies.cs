using System.Reflection;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using LlmGateway.Gateway.Account;
using LlmGateway.Gateway.Anthropic;

namespace LlmGateway.Gateway.Tests.Documentation;

/// <summary>The bodies that the gateway reads and writes by its serializer, by the names that the API's description has for them.</summary>
internal static class WrittenBodies
{
    // An event of a stream, and forms that depend on a header: the description speaks of them in words.
    private static readonly string[] Undescribed = ["ErrorEvent", "AnthropicModel", "AnthropicModelList"];

    public static SortedDictionary<string, IReadOnlyList<string>> All()
    {
        var bodies = new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var context in typeof(GatewayApp).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(JsonSerializerContext))))
        {
            var wire = (JsonSerializerContext)context.GetProperty("Wire", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!;
            foreach (var attribute in context.CustomAttributes.Where(attribute => attribute.AttributeType == typeof(JsonSerializableAttribute)))
            {
                Add(bodies, wire.GetTypeInfo((Type)attribute.ConstructorArguments[0].Value!)!);
            }
        }

        return bodies;
    }

    private static void Add(SortedDictionary<string, IReadOnlyList<string>> bodies, JsonTypeInfo body)
    {
        if (body.ElementType is { } element)
        {
            Add(bodies, body.Options.GetTypeInfo(element));
        }

        if (body.Kind != JsonTypeInfoKind.Object || (NameOf(body.Type) is { } name && (Undescribed.Contains(name) || !bodies.TryAdd(name, [.. body.Properties.Select(p => p.Name)]))))
        {
            return;
        }

        foreach (var property in body.Properties)
        {
            Add(bodies, body.Options.GetTypeInfo(property.PropertyType));
        }
    }

    private static string NameOf(Type type) => type switch
    {
        { IsGenericType: true } => $"{NameOf(type.GenericTypeArguments[0])}List",
        _ when type.Name.StartsWith("Error", StringComparison.Ordinal) && type.Namespace == typeof(AnthropicErrors).Namespace && type.Name != nameof(ErrorDetails) =>
            $"Anthropic{Short(type)}",
        { Name: "TariffBody" } when type.Namespace == typeof(AccountRoutes).Namespace => "KeyTariff",
        { Name: "UsageBody" } => "KeyUsage",
        { Name: "HealthResultBody" } => type.Name,
        _ => Short(type),
    };

    private static string Short(Type type) => type.Name.EndsWith("Body", StringComparison.Ordinal) ? type.Name[..^4] : type.Name;
}

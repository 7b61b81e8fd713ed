using System.Reflection;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Images;
using LlmGateway.Routing.Providers;
using LlmGateway.Routing.Providers.OpenAi;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>P6 by type: what can reach a provider asks for a <see cref="HeldCall"/>, and one comes from Billing's yes only.</summary>
public sealed class NoDoorTests
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Type[] Types = typeof(HeldCall).Assembly.GetTypes();

    [Fact]
    public void A_held_call_is_made_in_one_place()
    {
        typeof(HeldCall).GetConstructors(All).ShouldAllBe(constructor => constructor.IsPrivate);
        typeof(HeldCall).IsSealed.ShouldBeTrue();
        typeof(HeldCall).GetMethods(All).Where(method => method.IsStatic && !method.IsPrivate && Gives(method.ReturnType))
            .Select(method => method.Name).ShouldBe([nameof(HeldCall.AcquireAsync)]);

        // No other way around: neither a copy nor a field that outlives its call.
        typeof(HeldCall).GetMethod("<Clone>$", All).ShouldBeNull();
        Types.SelectMany(type => type.GetFields(All)).Where(field => field.IsStatic && Gives(field.FieldType)).ShouldBeEmpty();
    }

    [Fact]
    public void Sockets_to_providers_belong_to_one_class_and_only_adapters_and_the_discovery_of_models_have_it()
    {
        Types.Where(type => type.GetFields(All).Any(field => typeof(HttpMessageInvoker).IsAssignableFrom(field.FieldType) || field.FieldType == typeof(IHttpClientFactory)))
            .Select(Outermost).Distinct().ShouldBe([typeof(ProviderHttp), typeof(ImageFetcher)], ignoreOrder: true);
        Types.Where(type => type.GetFields(All).Any(field => field.FieldType == typeof(ProviderHttp)))
            .Select(Outermost).Distinct().ShouldBe([typeof(ServerDiscovery), typeof(ProviderExchange)], ignoreOrder: true);
        Types.Where(type => type.GetFields(All).Any(field => field.FieldType == typeof(ProviderExchange)))
            .Select(Outermost).Distinct().Except([typeof(ProviderExchange), typeof(ResponsesCall)]).ShouldAllBe(type => typeof(IProviderAdapter).IsAssignableFrom(type));
    }

    [Fact]
    public void Every_method_of_an_adapter_that_others_can_call_takes_a_held_call_or_talks_to_nobody()
    {
        var adapters = Types.Where(type => type.IsClass && typeof(IProviderAdapter).IsAssignableFrom(type)).ToList();
        adapters.Count.ShouldBeGreaterThan(1);
        foreach (var method in adapters.Concat([typeof(ProviderExchange), typeof(ResponsesCall)]).SelectMany(adapter => adapter.GetMethods(All))
            .Where(method => !method.IsPrivate && !method.IsSpecialName
                && method.Name is not (nameof(ProviderExchange.Message) or nameof(IProviderAdapter.Speaks) or nameof(ResponsesCall.Takes))))
        {
            method.GetParameters().Select(parameter => parameter.ParameterType).ShouldContain(typeof(HeldCall), $"{method.DeclaringType} {method}");
        }
    }

    private static bool Gives(Type type) => type == typeof(HeldCall)
        || type == typeof(HoldOutcome)
        || (type.IsGenericType && type.GetGenericArguments().Any(Gives));

    // Closures and state machines have the fields of what they were made from.
    private static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;
}

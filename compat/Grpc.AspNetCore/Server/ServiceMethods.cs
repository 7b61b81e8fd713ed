using System.Reflection;
using Grpc.Core;

namespace Grpc.AspNetCore.Server;

// Finds what a service class implements. Generated code describes the methods of its base class:
//   [BindServiceMethod(typeof(Greeter), "BindService")] public abstract class GreeterBase { virtual Task<...> SayHello(...) }
//   static void BindService(ServiceBinderBase binder, GreeterBase? service)
internal static class ServiceMethods
{
    public static Type FindBase(Type service)
    {
        for (var type = service; type is not null; type = type.BaseType)
        {
            if (type.IsDefined(typeof(BindServiceMethodAttribute), inherit: false))
            {
                return type;
            }
        }

        throw new InvalidOperationException($"Cannot locate BindService(ServiceBinderBase, ServiceBase) method for the service type: {service.FullName}. {service.Name} must inherit from a generated service base.");
    }

    public static void Bind(Type generatedBase, ServiceBinderBase binder)
    {
        var attribute = generatedBase.GetCustomAttribute<BindServiceMethodAttribute>(inherit: false)!;
        var bind = attribute.BindType.GetMethod(
            attribute.BindMethodName,
            BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic,
            [typeof(ServiceBinderBase), generatedBase])
            ?? throw new InvalidOperationException($"{attribute.BindType.FullName} has no {attribute.BindMethodName}(ServiceBinderBase, {generatedBase.Name}).");

        // Null for the service: only the descriptions are wanted.
        bind.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [binder, null], null);
    }

    /// <summary>The method that a call reaches, for its attributes too. One that only hides the generated base's is none.</summary>
    public static MethodInfo FindImplementation(Type service, Type generatedBase, string name, Type[] parameters)
    {
        for (var type = service; type is not null; type = type.BaseType)
        {
            var method = type.GetMethod(
                name, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly, parameters);
            if (method is not null && method.GetBaseDefinition().DeclaringType == generatedBase)
            {
                return method;
            }
        }

        throw new InvalidOperationException($"Could not find '{name}' on {service.FullName}.");
    }
}

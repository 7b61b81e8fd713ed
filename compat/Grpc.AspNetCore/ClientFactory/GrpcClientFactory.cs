using System.Diagnostics.CodeAnalysis;

namespace Grpc.Net.ClientFactory;

public abstract class GrpcClientFactory
{
    public abstract TClient CreateClient<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TClient>(string name)
        where TClient : class;
}

using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Health;

namespace LlmGateway.Routing.Grpc;

internal sealed class DeploymentsGrpcService(CatalogStore catalog, HealthBoard health) : DeploymentsApi.DeploymentsApiBase
{
    private const int MaxSeconds = 864_000;
    private const int MaxNote = 200;

    public override Task<ListDeploymentsReply> ListDeployments(ListDeploymentsRequest request, ServerCallContext context)
    {
        var reply = new ListDeploymentsReply();
        reply.Deployments.AddRange(All().Select(Status));
        return Task.FromResult(reply);
    }

    public override Task<DeploymentStatus> GetDeployment(DeploymentRequest request, ServerCallContext context) =>
        Task.FromResult(Status(Find(request.Id)));

    public override Task<DeploymentStatus> CoolDeployment(CoolDeploymentRequest request, ServerCallContext context)
    {
        if (request.Seconds is < 1 or > MaxSeconds)
        {
            throw Invalid($"seconds: must be a whole number from 1 to {MaxSeconds}.");
        }

        if (request.Note.Length > MaxNote || request.Note.Any(char.IsControl))
        {
            throw Invalid($"reason: must be at most {MaxNote} characters, none of them a control character.");
        }

        var deployment = Find(request.Id);
        health.Of(deployment).Cool(TimeSpan.FromSeconds(request.Seconds), request.Note);
        return Task.FromResult(Status(deployment));
    }

    public override Task<DeploymentStatus> ClearDeployment(DeploymentRequest request, ServerCallContext context)
    {
        var deployment = Find(request.Id);
        health.Clear(deployment);
        return Task.FromResult(Status(deployment));
    }

    private IEnumerable<Deployment> All() => catalog.Current.Models.SelectMany(model => model.Deployments);

    private Deployment Find(string id) => All().FirstOrDefault(deployment => deployment.Id == id)
        ?? throw new RpcException(new Status(StatusCode.NotFound, "id: no deployment has it."));

    private DeploymentStatus Status(Deployment deployment)
    {
        var report = health.Of(deployment).Report(deployment);
        return new DeploymentStatus
        {
            Id = deployment.Id,
            Model = deployment.ModelName,
            Provider = deployment.Provider,
            ProviderModel = deployment.UpstreamModel,
            State = NameOf(report.State),
            Reason = report.Cooldown.Name,
            Note = report.Note,
            Until = report.State == BreakerState.Open ? Timestamp.FromDateTimeOffset(health.ToTime(report.Cooldown)) : null,
            Failures = report.Failures,
            InFlight = report.InFlight,
            Weight = deployment.Weight,
            Share = report.Share,
            Keys = deployment.Keys.Count,
            CoolingKeys = deployment.Keys.Count(key => health.Of(deployment.BaseAddress, key).Until > health.Now),
        };
    }

    private static string NameOf(BreakerState state) => state switch
    {
        BreakerState.Closed => "closed",
        BreakerState.Open => "open",
        BreakerState.HalfOpen => "half_open",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "Not a state that has a name."),
    };

    private static RpcException Invalid(string detail) => new(new Status(StatusCode.InvalidArgument, detail));
}

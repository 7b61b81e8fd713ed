using Grpc.Core;
using LlmGateway.FakeProvider;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Tests.Running;
using LlmGateway.Testing;

namespace LlmGateway.Routing.Tests.Catalog;

/// <summary>What administrators change while calls are served, with two replicas of Routing on one database.</summary>
public sealed class CatalogChangesTests(RoutingFixture fixture) : IClassFixture<RoutingFixture>
{
    private const string Actor = "admin sk-admin...";

    [Fact]
    public async Task A_deployment_is_added_changed_and_removed_for_every_replica_and_outlives_them()
    {
        await using var provider = await FakeProviderServer.StartAsync();
        var database = await new PostgresFixture().CreateDatabaseAsync();
        await using var one = await StartAsync(provider, database);
        await using var other = await StartAsync(provider, database);

        var added = await one.Catalog.AddDeploymentAsync(new() { Item = Item(provider, "extra", "extra", "blue"), Actor = Actor });
        (added.Id, added.Model, added.Source, added.Enabled).ShouldBe(("blue", "extra", "added", true));
        (await new TestCall("extra").RunAsync(one)).Ended.ShouldNotBeNull();
        await Wait.UntilAsync(async () => await FindAsync(other, "blue") is not null);
        (await new TestCall("extra").RunAsync(other)).Ended.ShouldNotBeNull();

        var changed = await other.Catalog.ChangeDeploymentAsync(new() { Id = "blue", Weight = 7, Rpm = 100, Actor = Actor });
        (changed.Weight, changed.Rpm, changed.Changed).ShouldBe((7, 100, true));
        await other.Catalog.ChangeDeploymentAsync(new() { Id = "blue", Enabled = false, Actor = Actor });
        await Wait.UntilAsync(async () => await FindAsync(one, "blue") is { Enabled: false, Weight: 7 });
        (await new TestCall("extra").RunAsync(one)).Failed!.Failure.ShouldBe(CallFailure.ModelNotFound);

        // One of the file is changed alike, and is as the file has it when the change is removed.
        (await one.Catalog.ChangeDeploymentAsync(new() { Id = "of-file", Order = 3, Actor = Actor })).Order.ShouldBe(3);
        await using (var late = await StartAsync(provider, database))
        {
            (await FindAsync(late, "of-file"))!.Order.ShouldBe(3);
            (await FindAsync(late, "blue"))!.Weight.ShouldBe(7);
        }

        await one.Catalog.RemoveDeploymentAsync(new() { Id = "of-file", Actor = Actor });
        (await FindAsync(one, "of-file"))!.HasOrder.ShouldBeFalse();
        await one.Catalog.RemoveDeploymentAsync(new() { Id = "blue", Actor = Actor });
        await Wait.UntilAsync(async () => await FindAsync(other, "blue") is null);
    }

    [Fact]
    public async Task What_is_not_valid_is_refused_by_its_field_and_changes_nothing()
    {
        await using var provider = await FakeProviderServer.StartAsync();
        await using var host = await StartAsync(provider, database: null);
        var before = await host.Catalog.GetCatalogAsync(new());

        await RefusedAsync(StatusCode.InvalidArgument, "litellm_params.api_key: must be a reference", () => host.Catalog.AddDeploymentAsync(new()
        {
            Item = """{"model_name":"x","litellm_params":{"model":"openai/gpt-4o","api_key":"sk-literal"}}""",
        }));
        foreach (var secret in new[] { "os.environ/ADMIN_API_KEY", "os.environ/JWT_SECRET_KEY", "os.environ/ConnectionStrings__routingdb", "os.environ/DATABASE_URL", "file:/etc/passwd", "file:/run/secrets/../x" })
        {
            await RefusedAsync(StatusCode.InvalidArgument, "litellm_params.api_key: must be a provider's", () => host.Catalog.AddDeploymentAsync(new()
            {
                Item = $$$"""{"model_name":"x","litellm_params":{"model":"openai/gpt-4o","api_base":"http://elsewhere","api_key":"{{{secret}}}"}}""",
            }));
        }

        await RefusedAsync(StatusCode.InvalidArgument, "litellm_params.api_version: must be a date", () => host.Catalog.AddDeploymentAsync(new()
        {
            Item = """{"model_name":"x","litellm_params":{"model":"azure/x","api_base":"http://elsewhere","api_version":"os.environ/INTERNAL_API_KEY"}}""",
        }));
        await RefusedAsync(StatusCode.InvalidArgument, "litellm_params.modle: is not a known key", () => host.Catalog.AddDeploymentAsync(new()
        {
            Item = """{"model_name":"x","litellm_params":{"model":"openai/gpt-4o","modle":1}}""",
        }));
        await RefusedAsync(StatusCode.InvalidArgument, "model_name: is missing", () => host.Catalog.AddDeploymentAsync(new() { Item = """{"litellm_params":{"model":"gpt-4o"}}""" }));
        await RefusedAsync(StatusCode.AlreadyExists, "model_info.id: ", () => host.Catalog.AddDeploymentAsync(new() { Item = Item(provider, "x", "x", "of-file") }));
        await RefusedAsync(StatusCode.InvalidArgument, "weight: must be", () => host.Catalog.ChangeDeploymentAsync(new() { Id = "of-file", Weight = -1 }));
        await RefusedAsync(StatusCode.NotFound, "id: ", () => host.Catalog.ChangeDeploymentAsync(new() { Id = "nobody", Weight = 1 }));
        await RefusedAsync(StatusCode.NotFound, "id: is a deployment of the file", () => host.Catalog.RemoveDeploymentAsync(new() { Id = "of-file" }));
        await RefusedAsync(StatusCode.InvalidArgument, "fallbacks: of one has gone", () => host.Catalog.SetModelAsync(new() { Name = "one", Rules = """{"fallbacks":["gone"]}""" }));
        await RefusedAsync(StatusCode.InvalidArgument, "name: ", () => host.Catalog.SetModelAsync(new() { Name = "gone", Rules = "{}" }));
        await RefusedAsync(StatusCode.InvalidArgument, "routing_strategy: ", () => host.Catalog.SetModelAsync(new() { Name = "one", Rules = """{"routing_strategy":"by-horoscope"}""" }));
        await RefusedAsync(StatusCode.InvalidArgument, "file: line 1: api_key is a literal", () => host.Catalog.ImportCatalogAsync(new()
        {
            File = "model_list: [{ model_name: x, litellm_params: { model: openai/gpt-4o, api_key: sk-1 } }]",
        }));

        (await host.Catalog.GetCatalogAsync(new())).ShouldBe(before);
    }

    [Fact]
    public async Task Rules_of_a_model_and_a_litellm_file_are_taken_over_and_explained()
    {
        await using var provider = await FakeProviderServer.StartAsync();
        await using var host = await StartAsync(provider, database: null);
        var file =
            $$"""
            model_list:
              - { model_name: imported, litellm_params: { model: openai/imported, api_base: "{{provider.BaseUrl}}", input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 } }
              - { model_name: spare, litellm_params: { model: openai/spare, api_base: "{{provider.BaseUrl}}" }, model_info: { id: spare-1 } }
            router_settings: { fallbacks: [{ imported: [spare] }], model_group_alias: { nick: imported } }
            general_settings: { master_key: sk-1 }
            """;

        var dry = await host.Catalog.ImportCatalogAsync(new() { File = file, DryRun = true });
        (await FindAsync(host, "spare-1")).ShouldBeNull();
        var done = await host.Catalog.ImportCatalogAsync(new() { File = file, Actor = Actor });
        done.ShouldBe(dry);
        done.Added.ShouldBe(["imported/openai/imported", "spare-1"]);
        done.Warnings.ShouldHaveSingleItem().ShouldContain("master_key");
        (await host.Catalog.ImportCatalogAsync(new() { File = file, Actor = Actor })).Present.Count.ShouldBe(2);

        var model = (await host.Catalog.GetCatalogAsync(new())).Models.Single(model => model.Name == "imported");
        model.Changed.ShouldBeTrue();
        model.Aliases.ShouldBe(["nick"]);
        model.Fallbacks.ShouldBe(["spare"]);
        (await new TestCall("nick").RunAsync(host)).Ended.ShouldNotBeNull();

        // Explained as it is now: the model's deployment, its fallback, and no call made.
        var calls = provider.Calls.Count;
        var plan = await host.Catalog.ExplainAsync(new TestCall("nick") { MaxTokens = 1000 }.ToRequest());
        plan.Candidates.Select(candidate => candidate.Deployment.Id).ShouldBe(["imported/openai/imported", "spare-1"]);
        plan.Candidates[0].OutputNanoUsd.ShouldBe(2_000_000_000);
        (plan.Failure, plan.OutputTokens).ShouldBe((null, 1000));
        plan.HoldNanoUsd.ShouldBe((((plan.PromptTokens * 1_000) + (1000 * 2_000)) * 5) / 4);
        await host.Catalog.ChangeDeploymentAsync(new() { Id = "spare-1", Enabled = false, Actor = Actor });
        await host.Deployments.CoolDeploymentAsync(new() { Id = "imported/openai/imported", Seconds = 60, Note = "maintenance" });
        plan = await host.Catalog.ExplainAsync(new TestCall("imported").ToRequest());
        plan.Candidates.ShouldBeEmpty();
        plan.RuledOut.ShouldContain(new RuledOut { Deployment = "imported/openai/imported", Reason = "operator" });
        (await host.Catalog.ExplainAsync(new TestCall("nobody").ToRequest())).Failure.Failure.ShouldBe(CallFailure.ModelNotFound);
        provider.Calls.Count.ShouldBe(calls);

        await host.Catalog.SetModelAsync(new() { Name = "imported", Rules = """{"fallbacks":[],"routing_strategy":"least-busy"}""", Actor = Actor });
        model = (await host.Catalog.GetCatalogAsync(new())).Models.Single(model => model.Name == "imported");
        (model.Strategy, model.Fallbacks.Count, model.Aliases.Count).ShouldBe(("least-busy", 0, 0));
        await host.Catalog.RemoveModelAsync(new() { Name = "imported", Actor = Actor });
        (await host.Catalog.GetCatalogAsync(new())).Models.Single(model => model.Name == "imported").Changed.ShouldBeFalse();
    }

    private async Task<RoutingHost> StartAsync(FakeProviderServer provider, string? database) => await (await RoutingHost.StartAsync(
        fixture.Billing.Address,
        $"model_list: [{{ model_name: one, litellm_params: {{ model: openai/one, api_base: \"{provider.BaseUrl}\" }}, model_info: {{ id: of-file }} }}]",
        database)).ReadyAsync();

    private static string Item(FakeProviderServer provider, string name, string model, string id) =>
        $$$"""{"model_name":"{{{name}}}","litellm_params":{"model":"openai/{{{model}}}","api_base":"{{{provider.BaseUrl}}}"},"model_info":{"id":"{{{id}}}"}}""";

    private static async Task<ListedDeployment?> FindAsync(RoutingHost host, string id) =>
        (await host.Catalog.GetCatalogAsync(new())).Models.SelectMany(model => model.Deployments).FirstOrDefault(deployment => deployment.Id == id);

    private static async Task RefusedAsync<T>(StatusCode status, string detail, Func<AsyncUnaryCall<T>> ask)
    {
        var refusal = await Should.ThrowAsync<RpcException>(async () => await ask());
        (refusal.StatusCode, refusal.Status.Detail.StartsWith(detail, StringComparison.Ordinal)).ShouldBe((status, true), refusal.Status.Detail);
    }
}

using Aspire.Hosting;

namespace LlmGateway.Compat.Tests.Hosting;

public sealed class ProjectClassTests
{
    private static readonly string Samples = Path.Combine(RepositoryPaths.HostingTests, "Samples");

    [Fact]
    public void A_project_becomes_a_class_that_knows_its_path()
    {
        IProjectMetadata project = new Projects.Sample_Service();

        project.ProjectPath.ShouldBe(Path.Combine(Samples, "Sample.Service", "Sample.Service.csproj"));
        project.SuppressBuild.ShouldBeTrue();
    }

    [Fact]
    public void A_part_of_the_name_that_begins_with_a_digit_gets_an_underscore() =>
        new Projects.Sample__2nd().ProjectPath.ShouldEndWith("/Sample.2nd/Sample.2nd.csproj");

    [Fact]
    public void The_host_is_a_class_of_its_own_assembly_that_nobody_can_make()
    {
        Projects.SampleHost.ProjectPath.ShouldBe(Path.Combine(Samples, "SampleHost"));

        typeof(Projects.SampleHost).GetConstructors().ShouldBeEmpty();
        typeof(Projects.SampleHost).IsAssignableTo(typeof(IProjectMetadata)).ShouldBeFalse();
        typeof(Projects.SampleHost).Assembly.EntryPoint.ShouldNotBeNull();
    }
}

using System.Diagnostics;
using System.Text.Json;
using System.Xml.Linq;
using LlmGateway.Testing;

namespace LlmGateway.Compat.Tests.Packages;

/// <summary>
/// With UseUpstreamPackages=true the solution is an ordinary Aspire solution: every package by its real name, nothing
/// from compat/. The projects are evaluated by MSBuild itself; AppHost imports the Aspire SDK then, which the building
/// feed does not have, and is read as XML.
/// </summary>
public sealed class UpstreamSwitchTests
{
    private static readonly string Root = RepositoryRoot.Path;

    public static TheoryData<string> Projects => new(
        Directory.EnumerateFiles(Root, "*.csproj", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path))
            .Where(path => !path.StartsWith("compat/", StringComparison.Ordinal) && !path.StartsWith("artifacts/", StringComparison.Ordinal)
                && !path.Contains("node_modules") && path != "AppHost/AppHost.csproj"));

    [Theory]
    [MemberData(nameof(Projects))]
    public async Task With_the_switch_on_a_project_names_real_packages_and_nothing_of_compat(string project)
    {
        var items = await EvaluateAsync(project, upstream: true);
        var named = Named(project);

        items.Projects.ShouldAllBe(reference => !reference.Contains("compat/"));
        named.ShouldBeSubsetOf(items.Packages);
    }

    [Fact]
    public async Task With_the_switch_off_a_package_that_has_a_stand_in_is_that_project()
    {
        var items = await EvaluateAsync("Billing.Service/Billing.Service.csproj", upstream: false);

        items.Projects.ShouldContain(reference => reference.EndsWith("compat/Grpc.AspNetCore/Grpc.AspNetCore.csproj", StringComparison.Ordinal));
        items.Packages.ShouldNotContain("Grpc.AspNetCore");
    }

    [Fact]
    public void The_solution_names_the_packages_that_an_Aspire_solution_names()
    {
        var all = Directory.EnumerateFiles(Root, "*.csproj", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path))
            .Where(path => !path.StartsWith("compat/", StringComparison.Ordinal) && !path.StartsWith("artifacts/", StringComparison.Ordinal))
            .SelectMany(Named)
            .ToHashSet();

        new[]
        {
            "Aspire.Hosting.PostgreSQL", "Aspire.Hosting.Redis", "Aspire.Hosting.Testing", "Aspire.Npgsql.EntityFrameworkCore.PostgreSQL",
            "Aspire.StackExchange.Redis", "Grpc.AspNetCore", "Google.Protobuf", "Polly", "xunit",
        }.ShouldBeSubsetOf(all);
    }

    [Fact]
    public void The_AppHost_is_an_Aspire_AppHost_with_the_switch_on()
    {
        var project = XDocument.Load(Path.Combine(Root, "AppHost/AppHost.csproj")).Root!;
        const string on = "'$(UseUpstreamPackages)' == 'true'";
        const string off = "'$(UseUpstreamPackages)' != 'true'";

        var sdk = project.Elements("Import").Where(import => (string?)import.Attribute("Sdk") == "Aspire.AppHost.Sdk").ToList();
        sdk.Select(import => (string?)import.Attribute("Project")).ShouldBe(["Sdk.props", "Sdk.targets"]);
        sdk.ShouldAllBe(import => (string?)import.Attribute("Condition") == on);

        var packages = project.Descendants("PackageOrStandIn").ToDictionary(item => (string)item.Attribute("Include")!, item => (string?)item.Attribute("Condition"));
        packages.ShouldContainKeyAndValue("Aspire.Hosting.AppHost", off);
        packages.ShouldContainKeyAndValue("Aspire.Hosting.PostgreSQL", null);
        packages.ShouldContainKeyAndValue("Aspire.Hosting.Redis", null);
        project.Elements("Import").Where(import => ((string?)import.Attribute("Project"))!.Contains("compat/"))
            .ShouldAllBe(import => (string?)import.Attribute("Condition") == off);
    }

    [Fact]
    public void The_AppHost_package_has_a_version_in_stand_in_mode_only()
    {
        var group = XDocument.Load(Path.Combine(Root, "Directory.Packages.props")).Descendants("PackageVersion")
            .Single(item => (string?)item.Attribute("Include") == "Aspire.Hosting.AppHost").Parent!;

        ((string?)group.Attribute("Condition")).ShouldBe("'$(UseUpstreamPackages)' != 'true'");
    }

    [Fact]
    public void Nothing_but_references_depends_on_the_switch()
    {
        var sources = Directory.EnumerateFiles(Root, "*.cs", SearchOption.AllDirectories)
            .Where(path => !Path.GetRelativePath(Root, path).StartsWith("artifacts/", StringComparison.Ordinal));

        sources.Where(path => !path.EndsWith("UpstreamSwitchTests.cs", StringComparison.Ordinal))
            .Where(path => File.ReadAllText(path).Contains("UseUpstreamPackages"))
            .ShouldBeEmpty();
    }

    private static IEnumerable<string> Named(string project) =>
        XDocument.Load(Path.Combine(Root, project)).Descendants()
            .Where(item => item.Name.LocalName is "PackageOrStandIn" or "PackageReference")
            .Where(item => (string?)item.Attribute("Condition") != "'$(UseUpstreamPackages)' != 'true'")
            .Select(item => (string)item.Attribute("Include")!);

    private static async Task<(List<string> Packages, List<string> Projects)> EvaluateAsync(string project, bool upstream)
    {
        var start = new ProcessStartInfo("dotnet", ["msbuild", Path.Combine(Root, project), "-getItem:PackageReference,ProjectReference", "-nologo"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            Environment = { ["UseUpstreamPackages"] = upstream ? "true" : "false", ["MSBUILDTERMINALLOGGER"] = "off" },
        };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, output);

        using var json = JsonDocument.Parse(output);
        var items = json.RootElement.GetProperty("Items");
        return (Identities("PackageReference"), Identities("ProjectReference"));

        List<string> Identities(string item) =>
            [.. items.GetProperty(item).EnumerateArray().Select(entry => entry.GetProperty("Identity").GetString()!.Replace('\\', '/'))];
    }
}

namespace LlmGateway.ServiceDefaults.Tests;

public sealed class DotEnvTests
{
    [Theory]
    [InlineData("A=b", "b")]
    [InlineData("  A =  b  ", "b")]
    [InlineData("export A=b", "b")]
    [InlineData("A=b # the rest", "b")]
    [InlineData("A=b\t# the rest", "b")]
    [InlineData("A=http://host/#fragment", "http://host/#fragment")]
    [InlineData("A=\"b # c\" # d", "b # c")]
    [InlineData("A='b # c'", "b # c")]
    [InlineData("A=\"unfinished", "\"unfinished")]
    [InlineData("A=b=c", "b=c")]
    [InlineData("A=b\r", "b")]
    [InlineData("\uFEFFA=b", "b")]
    [InlineData("# A=a\n\nA=a\nA=b", "b")]
    public void A_value_is_read_as_its_author_meant_it(string text, string expected)
    {
        var file = DotEnv.Parse(text);

        file.Values["A"].ShouldBe(expected);
        file.Warnings.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("A=")]
    [InlineData("A=   # only a comment")]
    [InlineData("A=\"\"")]
    [InlineData("#A=b")]
    public void An_empty_value_is_unset(string text)
    {
        var file = DotEnv.Parse(text);

        file.Values.ShouldBeEmpty();
        file.Warnings.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("OPENAI_API_KEY=your_openai_api_key_here")]
    [InlineData("OPENAI_API_KEY=\"YOUR-OPENAI-KEY-HERE\"")]
    public void A_placeholder_is_unset_with_a_warning_that_names_its_variable(string text)
    {
        var file = DotEnv.Parse("\n" + text);

        file.Values.ShouldBeEmpty();
        var warning = file.Warnings.ShouldHaveSingleItem();
        warning.ShouldContain("line 2");
        warning.ShouldContain("OPENAI_API_KEY");
    }

    [Fact]
    public void A_line_that_is_no_assignment_is_named_and_the_rest_still_counts()
    {
        var file = DotEnv.Parse("A=b\nnonsense\nC=d");

        file.Values.Count.ShouldBe(2);
        file.Warnings.ShouldHaveSingleItem().ShouldContain("line 2");
    }

    [Fact]
    public void The_file_beside_the_solution_is_found_from_any_folder_below_it()
    {
        var root = Directory.CreateTempSubdirectory("dotenv");
        try
        {
            File.WriteAllText(Path.Combine(root.FullName, "LlmGateway.sln"), "");
            File.WriteAllText(Path.Combine(root.FullName, ".env"), "A=b");
            var below = root.CreateSubdirectory("Keys.Service").CreateSubdirectory("deeper");

            DotEnv.ReadFor(below.FullName, given: null).Values["A"].ShouldBe("b");
            DotEnv.ReadFor(below.FullName, given: "/dev/null").Values.ShouldBeEmpty();
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }
}

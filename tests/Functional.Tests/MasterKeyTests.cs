using LlmGateway.AppHost;

namespace LlmGateway.Functional.Tests;

/// <summary>Which administrator's key the AppHost gives the system: the configured one, else the master_key of the catalogue file.</summary>
public sealed class MasterKeyTests
{
    [Theory]
    [InlineData("general_settings: { master_key: sk-1234 }", null, "sk-1234")]
    [InlineData("general_settings: { master_key: sk-1234 }", "sk-configured", "sk-configured")]
    [InlineData("general_settings: { master_key: os.environ/THE_KEY }", null, "sk-referred")]
    [InlineData("general_settings: { master_key: os.environ/ANOTHER }", null, null)]
    [InlineData("general_settings: { master_key: '' }", null, null)]
    [InlineData("general_settings: { master_key: [sk-1234] }", null, null)]
    [InlineData("general_settings: {}", "sk-configured", "sk-configured")]
    [InlineData("model_list: []", null, null)]
    [InlineData("general_settings: { master_key: \"sk", null, null)]
    public void The_files_key_is_the_administrators_unless_one_is_configured(string models, string? configured, string? expected)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, models);
            var values = new Dictionary<string, string?> { ["MODELS_FILE"] = file, ["ADMIN_API_KEY"] = configured, ["THE_KEY"] = "sk-referred" };

            (AppHostSettings.AdministratorOf(name => values.GetValueOrDefault(name))?.Value).ShouldBe(expected);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Without_a_file_there_is_none() =>
        AppHostSettings.AdministratorOf(name => name == "MODELS_FILE" ? "/nowhere/models.yaml" : null).ShouldBeNull();
}

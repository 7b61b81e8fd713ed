using LlmGateway.Billing.Pricing;

namespace LlmGateway.Billing.Tests.Pricing;

public sealed class PriceFileTests
{
    [Theory]
    [InlineData("""{ "models": [{ "provider": "p", "model": "m", "prices": [{ "input": -1, "output": 1 }] }] }""", "models[0].prices[0].input")]
    [InlineData("""{ "models": [{ "provider": "p", "model": "m", "prices": [{ "input": 0.0000000001, "output": 1 }] }] }""", "nine decimal places")]
    [InlineData("""{ "models": [{ "provider": "p", "model": "m", "prices": [{ "input": 1, "output": 1e20 }] }] }""", "models[0].prices[0].output")]
    [InlineData("""{ "models": [{ "provider": "p", "model": "m", "prices": [{ "input": 1 }] }] }""", "needs input and output")]
    [InlineData("""{ "models": [{ "provider": "p", "model": "m", "prices": [{ "input": "NaN", "output": 1 }] }] }""", "$.models[0].prices[0].input")]
    [InlineData("""{ "models": [{ "provider": "p", "model": "m", "prices": [{ "inptu": 1, "output": 1 }] }] }""", "inptu")]
    [InlineData("""{ "models": [{ "provider": "p", "prices": [] }] }""", "model")]
    [InlineData("""{ "models": [{ "provider": "", "model": "m", "prices": [] }] }""", "must not be empty")]
    [InlineData("""{ "models": [{ "provider": "p", "model": "m", "prices": [{ "from": "2026-13-01", "input": 1, "output": 1 }] }] }""", "from")]
    [InlineData("""
        { "models": [{ "provider": "p", "model": "m", "prices": [
          { "from": "2027-01-01", "input": 1, "output": 1 }, { "from": "2026-01-01", "input": 1, "output": 1 }] }] }
        """, "models[0].prices[1].from")]
    [InlineData("""
        { "models": [{ "provider": "p", "model": "m", "prices": [{ "input": 1, "output": 1 }] },
                     { "provider": "p", "model": "m", "prices": [{ "input": 1, "output": 1 }] }] }
        """, "models[1]: p/m has prices already")]
    [InlineData("""
        { "models": [{ "provider": "p", "model": "m", "prices": [{ "input": 1, "output": 1, "tiers": [
          { "prompt_tokens_above": 2 }, { "prompt_tokens_above": 2 }] }] }] }
        """, "tiers[1].prompt_tokens_above")]
    [InlineData("""
        { "models": [{ "provider": "p", "model": "m", "prices": [{ "input": 0.000000001, "cached_input": 90000, "output": 1, "tiers": [
          { "prompt_tokens_above": 2, "input": 90000 }] }] }] }
        """, "tiers[0].input")]
    [InlineData("""{ "models": [null] }""", "models[0]: must not be null")]
    [InlineData("""{ "models": [{ "provider": "p", "model": "m", "prices": null }] }""", "prices")]
    [InlineData("", "$")]
    public void A_fault_is_named_by_its_path(string json, string expected)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, json);


            Should.Throw<PriceFileException>(() => PriceFile.Read(path)).Message.ShouldContain(expected);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_file_that_is_not_there_is_said_to_be() =>
        Should.Throw<PriceFileException>(() => PriceFile.Read("/nowhere/prices.json")).Message.ShouldContain("/nowhere/prices.json cannot be read");

    [Fact]
    public void Before_a_models_first_day_it_has_no_price()
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, """{ "models": [{ "provider": "p", "model": "m", "prices": [{ "from": "2027-01-01", "input": 0.000000001, "output": 0 }] }] }""");

        var rows = PriceFile.Read(path);
        File.Delete(path);

        rows.Select(row => (row.EffectiveFrom, row.Prices.Input)).ShouldBe(
            [(DateTimeOffset.UnixEpoch, null), (new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero), 1L)]);
    }
}

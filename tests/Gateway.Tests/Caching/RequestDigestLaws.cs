using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Gateway.Caching;
using LlmGateway.Protos.Routing.V1;

namespace LlmGateway.Gateway.Tests.Caching;

/// <summary>What is the same request, and what is another one.</summary>
public sealed class RequestDigestLaws
{
    private static readonly string[] Names = ["messages", "user", "seed", "n", "temperature", "tools", "usage", "b", "a", "é", "A"];

    private static readonly Gen<JsonNode?> Leaf = Gen.OneOf(
        Gen.Elements("", "a", "ab", "b", "Héllo", "\u2028 \"quoted\" \\", "1", "true", "null").Select(text => (JsonNode?)JsonValue.Create(text)),
        Gen.Choose(-3, 3).Select(number => (JsonNode?)JsonValue.Create(number)),
        Gen.Elements(true, false).Select(flag => (JsonNode?)JsonValue.Create(flag)),
        Gen.Constant((JsonNode?)null));

    [Fact]
    public void The_order_of_members_white_space_and_escapes_make_no_difference() => Check.QuickThrowOnFailure(Prop.ForAll(
        Bodies.ToArbitrary(), Gen.Choose(0, int.MaxValue).ToArbitrary(), (body, seed) =>
            Of(body.ToJsonString()).SequenceEqual(Of(Respelled(body, new System.Random(seed))))));

    [Fact]
    public void Any_other_difference_makes_another_request() => Check.QuickThrowOnFailure(Prop.ForAll(
        Bodies.ToArbitrary(), Bodies.ToArbitrary(), (one, other) =>
            JsonNode.DeepEquals(one, other) == Of(one.ToJsonString()).SequenceEqual(Of(other.ToJsonString()))));

    [Fact]
    public void A_change_anywhere_makes_another_request() => Check.QuickThrowOnFailure(Prop.ForAll(
        Bodies.ToArbitrary(), Gen.Choose(0, int.MaxValue).ToArbitrary(), (body, seed) =>
        {
            var changed = (JsonObject)body.DeepClone();
            ChangeOne(changed, new System.Random(seed));
            return JsonNode.DeepEquals(body, changed) || !Of(body.ToJsonString()).SequenceEqual(Of(changed.ToJsonString()));
        }));

    [Theory]
    [InlineData("""{"seed":1}""", """{"seed":2}""")]
    [InlineData("""{"seed":1}""", """{"seed":1.0}""")]
    [InlineData("""{"user":"a"}""", """{"user":"b"}""")]
    [InlineData("""{"user":null}""", """{}""")]
    [InlineData("""{"n":1}""", """{"n":"1"}""")]
    [InlineData("""{"a":{"model":"x"}}""", """{"a":{"model":"y"}}""")]
    [InlineData("""{"a":1,"a":2}""", """{"a":2,"a":1}""")]
    [InlineData("""{"a":[["b"],"c"]}""", """{"a":[["b","c"]]}""")]
    [InlineData("""{"a":{"b":"c"},"d":1}""", """{"a":{"b":"c","d":1}}""")]
    [InlineData("""{"stream_options":{"include_usage":true}}""", """{}""")]
    public void These_are_two_requests(string one, string other) => Of(one).ShouldNotBe(Of(other));

    [Theory]
    [InlineData("""{"model":"a","x":1}""", """{"x":1,"model":"b"}""")]
    [InlineData("""{"stream":false,"x":1}""", """{"x":1}""")]
    public void The_model_and_the_form_are_those_that_were_chosen(string one, string other) => Of(one).ShouldBe(Of(other));

    [Fact]
    public void The_account_the_dialect_the_model_the_form_and_betas_are_part_of_it()
    {
        var bytes = "{}"u8.ToArray();
        byte[][] all =
        [
            RequestDigest.Of("a", Dialect.OpenaiChat, "m", false, [], bytes)!,
            RequestDigest.Of("b", Dialect.OpenaiChat, "m", false, [], bytes)!,
            RequestDigest.Of("a", Dialect.OpenaiResponses, "m", false, [], bytes)!,
            RequestDigest.Of("a", Dialect.OpenaiChat, "n", false, [], bytes)!,
            RequestDigest.Of("a", Dialect.OpenaiChat, "m", true, [], bytes)!,
            RequestDigest.Of("a", Dialect.OpenaiChat, "m", false, ["beta"], bytes)!,
        ];

        all.Select(Convert.ToHexString).Distinct().Count().ShouldBe(all.Length);
    }

    [Theory]
    [InlineData("""{"messages":[{"content":"\ud800"}]}""")]
    [InlineData("""{"messages":[{"\udfff":1}]}""")]
    [InlineData("""{"\ud83d":1,"seed":2}""")]
    public void A_string_that_is_none_has_no_digest(string body) => Of(body).ShouldBeNull();

    private static Gen<JsonObject> Bodies => Objects(3);

    private static Gen<JsonObject> Objects(int depth) =>
        from names in Gen.SubListOf(Names)
        from values in Values(depth).ArrayOf(names.Count)
        select new JsonObject(names.Distinct().Zip(values, (name, value) => KeyValuePair.Create(name, value?.DeepClone())));

    private static Gen<JsonNode?> Values(int depth) => depth == 0 ? Leaf : Gen.OneOf(
        Leaf,
        Leaf,
        Objects(depth - 1).Select(value => (JsonNode?)value),
        Values(depth - 1).ArrayOf(2).Select(values => (JsonNode?)new JsonArray([.. values.Select(value => value?.DeepClone())])));

    private static byte[] Of(string body) => RequestDigest.Of("account", Dialect.OpenaiChat, "model", stream: false, [], Encoding.UTF8.GetBytes(body))!;

    // Members in another order, white space between tokens, and every character of a string escaped or not by the dice.
    private static string Respelled(JsonNode? node, System.Random dice)
    {
        var space = new string(' ', dice.Next(3)) + (dice.Next(2) == 0 ? "\n" : "");
        return node switch
        {
            null => $"{space}null{space}",
            JsonObject members => $"{space}{{{space}{string.Join(",", members.OrderBy(_ => dice.Next()).Select(
                member => $"{Quoted(member.Key, dice)}{space}:{Respelled(member.Value, dice)}"))}}}{space}",
            JsonArray items => $"[{space}{string.Join(",", items.Select(item => Respelled(item, dice)))}]{space}",
            JsonValue value when value.TryGetValue<string>(out var text) => $"{space}{Quoted(text, dice)}",
            _ => node.ToJsonString(),
        };
    }

    private static string Quoted(string text, System.Random dice) =>
        $"\"{string.Concat(text.Select(c => c is '"' or '\\' || dice.Next(3) == 0 ? $"\\u{(int)c:x4}" : $"{c}"))}\"";

    private static void ChangeOne(JsonObject body, System.Random dice)
    {
        if (body.Count == 0)
        {
            body["added"] = 1;
            return;
        }

        var (name, value) = body.ElementAt(dice.Next(body.Count));
        if (value is JsonObject inner)
        {
            ChangeOne(inner, dice);
        }
        else if (value is JsonArray { Count: > 0 } items)
        {
            items.RemoveAt(dice.Next(items.Count));
        }
        else
        {
            body[name] = JsonValue.Create($"{value} changed");
        }
    }
}

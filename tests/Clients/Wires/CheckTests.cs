using LlmGateway.FakeProvider;

namespace LlmGateway.Clients.Tests.Wires;

/// <summary>What the vendors refuse, the fake provider refuses: a wrong translation does not pass.</summary>
public sealed class CheckTests(FakeFixture fixture) : IClassFixture<FakeFixture>
{
    private const string User = """{"role":"user","content":"hi"}""";
    private const string Called = """{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}},{"type":"tool_use","id":"b","name":"f","input":{}}]}""";
    private const string Answers = """{"type":"tool_result","tool_use_id":"a","content":"1"},{"type":"tool_result","tool_use_id":"b","content":"2"}""";

    /// <summary>USER, CALLED and ANSWERS stand for the turns and blocks above.</summary>
    public static TheoryData<string, string> Anthropic => new()
    {
        { """{"model":"m","messages":[USER]}""", "max_tokens: Field required" },
        { """{"model":"m","max_tokens":9,"messages":[USER],"stop":["x"]}""", "stop: Extra inputs are not permitted" },
        { """{"model":"m","max_tokens":9,"messages":[]}""", "at least one message" },
        { """{"model":"m","max_tokens":9,"messages":[{"role":"system","content":"x"},{"role":"user","content":"x"}]}""", "messages.0.role" },
        { """{"model":"m","max_tokens":9,"messages":[{"role":"assistant","content":"x"}]}""", "first message must use" },
        { """{"model":"m","max_tokens":9,"messages":[{"role":"user","content":""}]}""", "must have non-empty content" },
        { """{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":""}]}]}""", "text content blocks must be non-empty" },
        { """{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]}""", "Input tag 'image_url'" },
        { """{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x","name":"n"}]}""", "messages.0.name: Extra inputs" },
        { """{"model":"m","max_tokens":9,"messages":[USER,{"role":"assistant","content":"x "}]}""", "trailing whitespace" },
        { """{"model":"m","max_tokens":9,"messages":[USER],"stop_sequences":["\n"]}""", "non-whitespace" },
        { """{"model":"m","max_tokens":9,"messages":[USER],"temperature":1.5}""", "temperature" },
        { """{"model":"claude-opus-5","max_tokens":9,"messages":[USER],"temperature":0.5}""", "`temperature` is deprecated" },
        { """{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[USER],"temperature":0.5,"top_p":0.5}""", "cannot both be specified" },
        { """{"model":"claude-opus-4-1","max_tokens":32001,"messages":[USER]}""", "maximum allowed number of output tokens" },
        { """{"model":"m","max_tokens":9,"messages":[USER],"tools":[{"type":"function","function":{}}],"tool_choice":"auto"}""", "tool_choice" },
        { """{"model":"m","max_tokens":9,"messages":[USER],"tools":[{"name":"f","parameters":{}}]}""", "tools.0.custom.parameters: Extra inputs" },
        { """{"model":"m","max_tokens":9,"messages":[USER],"tools":[{"name":"f","input_schema":{}}]}""", "input_schema.type" },
        { """{"model":"m","max_tokens":9,"messages":[USER],"tool_choice":{"type":"auto"}}""", "while providing tools" },
        { """{"model":"claude-opus-5-5","max_tokens":9,"messages":[USER],"tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"any"}}""", "forced tool use" },
        { """{"model":"m","max_tokens":2000,"messages":[USER],"thinking":{"type":"enabled","budget_tokens":2000}}""", "must be greater than `thinking.budget_tokens`" },
        { """{"model":"m","max_tokens":2000,"messages":[USER,CALLED,{"role":"user","content":[ANSWERS]}],"thinking":{"type":"enabled","budget_tokens":1024}}""", "Expected `thinking`" },
        { """{"model":"m","max_tokens":9,"messages":[USER,{"role":"assistant","content":[{"type":"thinking","thinking":"x","signature":"made up"}]},USER]}""", "Invalid `signature`" },
        { """{"model":"m","max_tokens":9,"messages":[USER,CALLED]}""", "without `tool_result` blocks immediately after: a, b" },
        { """{"model":"m","max_tokens":9,"messages":[USER,CALLED,{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"1"}]},{"role":"assistant","content":"x"},USER]}""", "immediately after: b" },
        { """{"model":"m","max_tokens":9,"messages":[USER,CALLED,{"role":"user","content":[{"type":"text","text":"x"},ANSWERS]}]}""", "immediately after: a" },
        { """{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[ANSWERS]}]}""", "unexpected `tool_use_id`" },
        { """{"model":"m","max_tokens":9,"messages":[USER,{"role":"assistant","content":[{"type":"tool_use","id":"call.1","name":"f","input":{}}]}]}""", "String should match pattern" },
        { """{"model":"m","max_tokens":9,"messages":[USER,{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":"{}"}]}]}""", "valid dictionary" },
        { """{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"http://x/y.png"}}]}]}""", "Only HTTPS" },
        { """{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/bmp","data":"AA=="}}]}]}""", "media_type" },
    };

    public static TheoryData<string, string> Gemini => new()
    {
        { """{"contents":[{"role":"user","parts":[{"text":"x"}]}],"stream":true}""", "Unknown name \\\"stream\\\": Cannot find field." },
        { """{"contents":[{"role":"user","parts":[{"text":"x"}]}],"generationConfig":{"max_tokens":1}}""", "at 'generation_config'" },
        { """{"contents":[]}""", "contents is not specified" },
        { """{"contents":[{"role":"assistant","parts":[{"text":"x"}]}]}""", "valid role: user, model" },
        { """{"contents":[{"role":"user","parts":[]}]}""", "parts must not be empty" },
        { """{"contents":[{"role":"user","parts":[{}]}]}""", "one initialized field" },
        { """{"contents":[{"role":"user","parts":[{"text":""}]}]}""", "must have a text parameter" },
        { """{"contents":[{"role":"user","parts":[{"text":"x"}]}],"systemInstruction":{"parts":[]}}""", "parts must not be empty" },
        { """{"contents":[{"role":"user","parts":[{"inlineData":{"data":"AA=="}}]}]}""", "mime_type" },
        { """{"contents":[{"role":"user","parts":[{"text":"x"}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{}}},{"functionCall":{"name":"g","args":{}}}]},{"role":"user","parts":[{"functionResponse":{"name":"f","response":{}}}]}]}""", "number of function response parts" },
        { """{"contents":[{"role":"user","parts":[{"text":"x"}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":"{}"}}]}]}""", "google.protobuf.Struct" },
        { """{"contents":[{"role":"user","parts":[{"functionResponse":{"response":{}}}]}]}""", "Name cannot be empty" },
        { """{"contents":[{"role":"user","parts":[{"text":"x"}]}],"generationConfig":{"thinkingConfig":{"thinkingLevel":"LOW","thinkingBudget":1}}}""", "only one of thinking budget and thinking level" },
        { """{"contents":[{"role":"user","parts":[{"text":"x"}]}],"generationConfig":{"responseJsonSchema":{}}}""", "response_mime_type" },
        { """{"contents":[{"role":"user","parts":[{"text":"x"}]}],"generationConfig":{"presencePenalty":1}}""", "Penalty is not enabled" },
        { """{"contents":[{"role":"user","parts":[{"text":"x"}]}],"generationConfig":{"temperature":"1"}}""", "generation_config.temperature" },
        { """{"contents":[{"role":"user","parts":[{"text":"x"}]}],"tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"object","additionalProperties":false}}]}]}""", "additionalProperties" },
        { """{"contents":[{"role":"user","parts":[{"text":"x"}]}],"tools":[{"functionDeclarations":[{"name":"1 f"}]}]}""", "Invalid function name" },
        { """{"contents":[{"role":"user","parts":[{"text":"x"}]}],"toolConfig":{"functionCallingConfig":{"mode":"required"}}}""", "function_calling_config.mode" },
        { """{"contents":[{"role":"user","parts":[{"text":"x"}]},{"role":"model","parts":[{"text":"y","thoughtSignature":"bWFkZSB1cA=="}]},{"role":"user","parts":[{"text":"x"}]}]}""", "Corrupted thought signature" },
    };

    public static TheoryData<string, string, string> OpenAi => new()
    {
        { "chat/completions", """{"model":"m","messages":[{"role":"tool","tool_call_id":"a","content":"x"}]}""", "preceeding message with 'tool_calls'" },
        { "chat/completions", """{"model":"m","messages":[],"tool_choice":"auto"}""", "only allowed when 'tools' are specified" },
        { "chat/completions", """{"model":"o3","messages":[],"max_tokens":9}""", "Use 'max_completion_tokens' instead" },
        { "chat/completions", """{"model":"gpt-5-mini","messages":[],"temperature":0.5}""", "Only the default (1) value is supported" },
        { "chat/completions", """{"model":"gpt-5.6-sol","messages":[],"tools":[{"type":"function","function":{"name":"f"}}]}""", "reasoning_effort" },
        { "chat/completions", """{"model":"gpt-5-codex","messages":[]}""", "only supported in v1/responses" },
        { "responses", """{"model":"m","messages":[]}""", "Unknown parameter: 'messages'." },
        { "responses", """{"model":"m","input":"x","max_output_tokens":5}""", "Expected a value >= 16" },
        { "responses", """{"model":"m","input":[{"role":"user","content":[{"type":"text","text":"x"}]}]}""", "Invalid value: 'text'" },
        { "responses", """{"model":"m","input":[{"type":"function_call_output","call_id":"a","output":"x"}]}""", "No tool call found" },
        { "responses", """{"model":"m","input":"x","tools":[{"type":"function","function":{"name":"f"}}]}""", "tools[0].name" },
        { "embeddings", """{"model":"m"}""", "Missing required parameter: 'input'." },
    };

    [Theory]
    [MemberData(nameof(Anthropic))]
    public async Task Anthropic_refuses(string body, string words)
    {
        var (status, said, _) = await fixture.AnthropicAsync(body.Replace("USER", User).Replace("CALLED", Called).Replace("ANSWERS", Answers));

        said.ShouldContain(words);
        said.ShouldStartWith("""{"type":"error","error":{"type":"invalid_request_error",""");
        status.ShouldBe(400);
    }

    [Theory]
    [MemberData(nameof(Gemini))]
    public async Task Gemini_refuses(string body, string words)
    {
        var (status, said, _) = await fixture.GeminiAsync(body);

        said.ShouldContain(words);
        said.ShouldContain("\"status\": \"INVALID_ARGUMENT\"");
        status.ShouldBe(400);
    }

    [Theory]
    [MemberData(nameof(OpenAi))]
    public async Task OpenAi_refuses(string endpoint, string body, string words)
    {
        var (status, said, _) = await fixture.PostAsync("/v1/" + endpoint, body);

        said.ShouldContain(words);
        status.ShouldBeOneOf(400, 404);
    }

    [Fact]
    public async Task Anthropic_wants_to_know_its_version()
    {
        var (status, said, _) = await fixture.PostAsync("/v1/messages", $$"""{"model":"m","max_tokens":9,"messages":[{{User}}]}""");

        status.ShouldBe(400);
        said.ShouldContain("anthropic-version: header is required");
    }

    [Fact]
    public async Task A_right_conversation_passes_every_check()
    {
        var tools = """[{"name":"f","description":"d","input_schema":{"type":"object","properties":{}},"cache_control":{"type":"ephemeral"}}]""";
        var thought = $$"""{"type":"thinking","thinking":"x","signature":"{{Script.DefaultSignature}}"}""";
        var assistant = Called.Replace("[{", $"[{thought},{{", StringComparison.Ordinal);
        (await fixture.AnthropicAsync(
            $$"""{"model":"claude-sonnet-4-5","max_tokens":4096,"system":[{"type":"text","text":"s"}],"thinking":{"type":"enabled","budget_tokens":1024},"tools":{{tools}},"tool_choice":{"type":"auto","disable_parallel_tool_use":true},"messages":[{{User}},{{User}},{{assistant}},{"role":"user","content":[{{Answers}},{"type":"text","text":"go on"}]}]}"""))
            .Status.ShouldBe(200);
        (await fixture.GeminiAsync(
            """{"systemInstruction":{"parts":[{"text":"s"}]},"generationConfig":{"maxOutputTokens":9,"thinkingConfig":{"thinkingLevel":"low"},"responseMimeType":"application/json","responseJsonSchema":{"$ref":"#/x"}},"toolConfig":{"functionCallingConfig":{"mode":"AUTO"}},"tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"additionalProperties":false}}]}],"contents":[{"role":"user","parts":[{"text":"x"}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{}},"thoughtSignature":"skip_thought_signature_validator"},{"functionCall":{"name":"f","args":{}}}]},{"role":"user","parts":[{"functionResponse":{"name":"f","response":{}}},{"functionResponse":{"name":"f","response":{}}}]}]}""",
            "gemini-3-pro")).Status.ShouldBe(200);
    }
}

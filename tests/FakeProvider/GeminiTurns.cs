using System.Text.Json;

namespace LlmGateway.FakeProvider;

/// <summary>What Gemini checks of systemInstruction and contents.</summary>
/// <param name="body">The request.</param>
/// <param name="wantsSignatures">Gemini 3 and later: a function call of the current turn comes back with its signature.</param>
/// <param name="signatures">Those that were sent.</param>
internal sealed class GeminiTurns(JsonElement body, bool wantsSignatures, Signatures signatures)
{
    /// <summary>In place of a signature that nobody kept (ai.google.dev/gemini-api/docs/thought-signatures).</summary>
    private static readonly string[] Sentinels = ["skip_thought_signature_validator", "context_engineering_is_the_way_to_go"];

    private static readonly HashSet<string> PartFields =
    [
        "text", "thought", "thoughtSignature", "inlineData", "fileData", "functionCall", "functionResponse", "executableCode", "codeExecutionResult",
        "videoMetadata", "mediaResolution", "partMetadata", "toolCall", "toolResponse",
    ];

    public string? Find()
    {
        var contents = body.Member("contents").Items().ToList();
        if (contents.Count == 0)
        {
            return "* GenerateContentRequest.contents: contents is not specified\n";
        }

        if (body.Has("systemInstruction") && Content("system_instruction", body.Member("systemInstruction")) is { } system)
        {
            return system;
        }

        for (var index = 0; index < contents.Count; index++)
        {
            if (contents[index].Text("role") is not ("user" or "model" or "") || (contents.Count > 1 && contents[index].Text("role").Length == 0))
            {
                return "Please use a valid role: user, model.";
            }

            if (Content($"contents[{index}]", contents[index]) is { } said)
            {
                return said;
            }
        }

        return Calls(contents) ?? Signed(contents);
    }

    private static string? Content(string place, JsonElement content)
    {
        var parts = content.Member("parts").Items().ToList();
        if (GeminiChecks.Unknown(content, ["role", "parts"], place) is { } unknown)
        {
            return unknown;
        }

        return parts.Count == 0
            ? $"* GenerateContentRequest.{place}.parts: contents.parts must not be empty.\n"
            : parts.Select((part, index) => Part($"{place}.parts[{index}]", part)).FirstOrDefault(said => said is not null);
    }

    private static string? Part(string place, JsonElement part)
    {
        var call = part.Member("functionCall");
        var response = part.Member("functionResponse");
        var data = part.Member("inlineData");
        var file = part.Member("fileData");
        return GeminiChecks.Unknown(part, PartFields, place)
            ?? GeminiChecks.Unknown(call, ["id", "name", "args"], place + ".function_call")
            ?? GeminiChecks.Unknown(response, ["id", "name", "response", "willContinue", "scheduling", "parts"], place + ".function_response")
            ?? part switch
            {
                _ when !new[] { "text", "inlineData", "fileData", "functionCall", "functionResponse", "executableCode", "codeExecutionResult" }.Any(name => part.Has(name)) =>
                    $"* GenerateContentRequest.{place}.data: required oneof field 'data' must have one initialized field\n",
                _ when part.Has("text") && part.Text("text").Length == 0 && !part.Has("thoughtSignature") => $"Unable to submit request because it must have a text parameter. ({place})",
                _ when part.Has("functionCall") && call.Text("name").Length == 0 => $"* GenerateContentRequest.{place}.function_call.name: Name cannot be empty.\n",
                _ when part.Has("functionResponse") && response.Text("name").Length == 0 => $"* GenerateContentRequest.{place}.function_response.name: Name cannot be empty.\n",
                _ when call.Has("args") && call.Member("args").ValueKind != JsonValueKind.Object => Struct(place + ".function_call.args", call.Member("args")),
                _ when part.Has("functionResponse") && response.Member("response").ValueKind != JsonValueKind.Object => Struct(place + ".function_response.response", response.Member("response")),
                _ when part.Has("inlineData") && data.Text("mimeType").Length == 0 => $"* GenerateContentRequest.{place}.inline_data.mime_type: must not be empty.\n",
                _ when part.Has("fileData") && file.Text("fileUri").Length == 0 => $"* GenerateContentRequest.{place}.file_data.file_uri: must not be empty.\n",
                _ => null,
            };
    }

    private static string Struct(string place, JsonElement value) =>
        $"Invalid value at '{place}' (type.googleapis.com/google.protobuf.Struct), {(value.ValueKind == JsonValueKind.Undefined ? "null" : value.GetRawText())}";

    private static string? Calls(List<JsonElement> contents)
    {
        for (var index = 0; index < contents.Count; index++)
        {
            var calls = Count(contents[index], "functionCall");
            if (calls > 0 && (contents[index].Text("role") != "model" || index == 0 || contents[index - 1].Text("role") != "user"))
            {
                return "Please ensure that function call turn comes immediately after a user turn or after a function response turn.";
            }

            var responses = index + 1 < contents.Count ? Count(contents[index + 1], "functionResponse") : 0;
            if (calls > 0 && index + 1 == contents.Count)
            {
                return "Please ensure that function response turn comes immediately after a function call turn.";
            }

            if (calls != responses)
            {
                return calls == 0
                    ? "Please ensure that function response turn comes immediately after a function call turn."
                    : "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.";
            }
        }

        return Count(contents[0], "functionResponse") > 0 ? "Please ensure that function response turn comes immediately after a function call turn." : null;
    }

    /// <summary>The first call of each step since the user last spoke must be signed; no part may have a signature that was never sent.</summary>
    private string? Signed(List<JsonElement> contents)
    {
        var turn = contents.FindLastIndex(content => content.Text("role") != "model" && Count(content, "functionResponse") == 0);
        for (var index = 0; index < contents.Count; index++)
        {
            foreach (var part in contents[index].Member("parts").Items().Where(part => part.Has("thoughtSignature")))
            {
                if (!signatures.Knows(part.Text("thoughtSignature")) && !Sentinels.Contains(part.Text("thoughtSignature")))
                {
                    return "Corrupted thought signature.";
                }
            }

            var first = contents[index].Member("parts").Items().FirstOrDefault(part => part.Has("functionCall"));
            if (wantsSignatures && index > turn && first.ValueKind == JsonValueKind.Object && !first.Has("thoughtSignature"))
            {
                return $"Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call `default_api:{first.Member("functionCall").Text("name")}` , position {index + 1}. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details.";
            }
        }

        return null;
    }

    private static int Count(JsonElement content, string name) => content.Member("parts").Items().Count(part => part.Has(name));
}

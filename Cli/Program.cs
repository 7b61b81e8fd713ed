using System.CommandLine;

return await new RootCommand("Manages an LlmGateway.").Parse(args).InvokeAsync();

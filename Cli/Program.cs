using LlmGateway.Cli;

return await CommandLine.RunAsync(args);

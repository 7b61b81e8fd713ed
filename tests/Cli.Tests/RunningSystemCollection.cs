using LlmGateway.SystemUnderTest;

namespace LlmGateway.Cli.Tests;

[CollectionDefinition(RunningSystem.Name)]
public sealed class RunningSystemCollection : ICollectionFixture<RunningSystem>;

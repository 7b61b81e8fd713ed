using LlmGateway.SystemUnderTest;

namespace LlmGateway.Clients.Tests;

[CollectionDefinition(RunningSystem.Name)]
public sealed class RunningSystemCollection : ICollectionFixture<RunningSystem>;

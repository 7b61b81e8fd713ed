using LlmGateway.SystemUnderTest;

namespace LlmGateway.Functional.Tests;

[CollectionDefinition(RunningSystem.Name)]
public sealed class RunningSystemCollection : ICollectionFixture<RunningSystem>;

[CollectionDefinition(KeysSystem.Name)]
public sealed class KeysSystemCollection : ICollectionFixture<KeysSystem>;

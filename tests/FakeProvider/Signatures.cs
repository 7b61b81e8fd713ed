using System.Collections.Concurrent;

namespace LlmGateway.FakeProvider;

/// <summary>Signatures that a script may have sent: what comes back in a later turn must be one of them.</summary>
internal sealed class Signatures
{
    private readonly ConcurrentDictionary<string, bool> _sent = new() { [Script.DefaultSignature] = true };

    public bool Knows(string signature) => _sent.ContainsKey(signature);

    public void Add(Script script)
    {
        if (script.Signature is { } signature)
        {
            _sent[signature] = true;
        }
    }
}

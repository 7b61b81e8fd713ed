namespace LlmGateway.Compat.Tests.Peers;

/// <summary>
/// A stack to test against. To add one: a folder with a client and a server script that behave as those of the others do, and
/// a subclass that says how to start them.
/// </summary>
public abstract class PeerLanguage : IAsyncDisposable
{
    internal abstract Task<PeerProcess> StartServerAsync();

    internal abstract Task<PeerProcess> StartClientAsync(string target);

    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;

    protected static string Folder(string language) => Path.Combine(PeerProcess.ProjectDirectory, "Peers", language);
}

/// <summary>@grpc/grpc-js: a whole stack in JavaScript over node's HTTP/2.</summary>
public sealed class NodePeer : PeerLanguage
{
    internal override Task<PeerProcess> StartServerAsync() => Task.FromResult(Start("server.js"));

    internal override Task<PeerProcess> StartClientAsync(string target) => Task.FromResult(Start("client.js", target));

    private static PeerProcess Start(string script, params string[] arguments)
    {
        var folder = Folder("node");
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "@grpc", "grpc-js")))
        {
            throw new InvalidOperationException($"The JavaScript peer is not installed. Run: npm ci --prefix {folder}");
        }

        return PeerProcess.Start("node", [Path.Combine(folder, script), PeerProcess.Proto, .. arguments]);
    }
}

/// <summary>Debian's python3-grpcio: the C core. Its stubs are generated for each run.</summary>
public sealed class PythonPeer : PeerLanguage
{
    // Debian's packages are in the system's Python only, whatever comes first on the path.
    private const string Python = "/usr/bin/python3";
    private const string Plugin = "/usr/bin/grpc_python_plugin";
    private readonly string _stubs = Directory.CreateTempSubdirectory("grpc-peer-").FullName;

    internal override Task<PeerProcess> StartServerAsync() => StartAsync("server.py");

    internal override Task<PeerProcess> StartClientAsync(string target) => StartAsync("client.py", target);

    public override ValueTask DisposeAsync()
    {
        Directory.Delete(_stubs, recursive: true);
        return base.DisposeAsync();
    }

    private async Task<PeerProcess> StartAsync(string script, params string[] arguments)
    {
        if (!File.Exists(Plugin))
        {
            throw new InvalidOperationException(
                "The Python peer is not installed. Run: apt-get install python3-grpcio protobuf-compiler protobuf-compiler-grpc");
        }

        await using var protoc = PeerProcess.Start("protoc",
        [
            $"--proto_path={Path.GetDirectoryName(PeerProcess.Proto)}", $"--python_out={_stubs}", $"--grpc_out={_stubs}",
            $"--plugin=protoc-gen-grpc={Plugin}", "peer.proto",
        ]);
        (await protoc.ErrorsAsync()).ShouldBeEmpty();
        return PeerProcess.Start(
            Python, [Path.Combine(Folder("python"), script), .. arguments], ("PYTHONPATH", _stubs), ("PYTHONDONTWRITEBYTECODE", "1"));
    }
}

using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace LlmGateway.Gateway.Tests.Web;

/// <summary>A certificate in files, as an operator gives it to the gateway.</summary>
internal sealed class CertificateFolder(bool pfx) : IDisposable
{
    private const string Password = "secret";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("llmgateway-tls");

    private string File => Path.Combine(_folder.FullName, pfx ? "tls.pfx" : "tls.pem");

    private string KeyFile => Path.Combine(_folder.FullName, "tls.key");

    public Task<OwnHost> StartAsync() => OwnHost.StartAtAsync(
        "",
        ("Kestrel:Endpoints:https:Url", "https://127.0.0.1:0"),
        ("Kestrel:Endpoints:https:Certificate:Path", File),
        pfx ? ("Kestrel:Endpoints:https:Certificate:Password", Password) : ("Kestrel:Endpoints:https:Certificate:KeyPath", KeyFile));

    /// <summary>Makes a certificate, and returns its hash.</summary>
    public string Write()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var from = DateTimeOffset.Parse("2026-01-01Z", CultureInfo.InvariantCulture);
        using var certificate = request.CreateSelfSigned(from, from.AddYears(20));
        if (pfx)
        {
            System.IO.File.WriteAllBytes(File, certificate.Export(X509ContentType.Pfx, Password));
        }
        else
        {
            System.IO.File.WriteAllText(KeyFile, key.ExportPkcs8PrivateKeyPem());
            System.IO.File.WriteAllText(File, certificate.ExportCertificatePem());
        }

        return certificate.GetCertHashString();
    }

    public void Dispose() => _folder.Delete(recursive: true);
}

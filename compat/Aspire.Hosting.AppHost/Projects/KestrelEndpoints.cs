using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Projects;

/// <summary>
/// The endpoints that a service configures itself, in its appsettings files:
/// <c>"Kestrel": { "Endpoints": { "grpc": { "Url": "http://localhost:8011", "Protocols": "Http2" } } }</c>.
/// </summary>
internal static class KestrelEndpoints
{
    public static IReadOnlyList<EndpointAnnotation> Read(string projectDirectory, string environment)
    {
        using var files = new ConfigurationRoot(
        [
            .. new ConfigurationBuilder()
                .SetBasePath(projectDirectory)
                .AddJsonFile("appsettings.json", optional: true)
                .AddJsonFile($"appsettings.{environment}.json", optional: true)
                .BuildProviders(),
        ]);
        var kestrel = files.GetSection("Kestrel");
        var defaultProtocols = kestrel["EndpointDefaults:Protocols"];
        var sections = kestrel.GetSection("Endpoints").GetChildren().Where(s => s["Url"] is not null).ToList();
        var uris = sections.ToDictionary(s => s.Key, s => new Uri(ListenAddress.ToUri(s["Url"]!)));

        return [.. sections.Select(section =>
        {
            var uri = uris[section.Key];
            var aloneInScheme = uris.Values.Count(u => u.Scheme == uri.Scheme) == 1;
            return new EndpointAnnotation(
                ProtocolType.Tcp,
                uri.Scheme,
                (section["Protocols"] ?? defaultProtocols) == "Http2" ? "http2" : null,
                aloneInScheme ? uri.Scheme : section.Key,
                uri.Port)
            {
                KestrelKey = section.Key,
                PortIsSuggestion = true,
                TargetHost = uri.Host,
            };
        })];
    }

    private static List<IConfigurationProvider> BuildProviders(this IConfigurationBuilder builder) =>
        [.. builder.Sources.Select(source => source.Build(builder))];
}

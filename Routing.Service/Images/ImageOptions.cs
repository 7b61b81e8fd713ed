using System.ComponentModel.DataAnnotations;

namespace LlmGateway.Routing.Images;

/// <summary>
/// Section "Images": addresses of images in requests, for providers that take images only as data. Off, such an address goes on as it
/// is, or is refused where the provider has no place for it.
/// </summary>
internal sealed class ImageOptions
{
    /// <summary>Whether the gateway fetches them: from public addresses only.</summary>
    public bool Fetch { get; set; }

    /// <summary>Of one image, in bytes.</summary>
    [Range(1024, 50 * 1024 * 1024)]
    public int MaxBytes { get; set; } = 5 * 1024 * 1024;

    /// <summary>Fetched for one call.</summary>
    [Range(1, 100)]
    public int MaxCount { get; set; } = 10;

    /// <summary>For all images of a call together.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:05:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    [Range(0, 10)]
    public int MaxRedirects { get; set; } = 3;
}

namespace LlmGateway.Routing.Images;

internal static class ImageRegistration
{
    public static void AddImages(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<ImageOptions>().BindConfiguration("Images").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<ImageFetcher>();
        builder.Services.AddSingleton<InlineImages>();
    }
}

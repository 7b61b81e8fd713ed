using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace LlmGateway.Gateway.Documentation;

/// <summary>The API's description, and the two pages that show it: without anything from elsewhere.</summary>
internal static class DocumentationRegistration
{
    private const string SwaggerPage = "/docs";
    private const string ReDocPage = "/redoc";

    // Styles: both pages write their own into the document. ReDoc searches in a worker that it makes itself. All else is ours.
    private static readonly StringValues PagePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
        + "worker-src blob:; child-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static void AddDocumentation(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<DocumentationOptions>().BindConfiguration(DocumentationOptions.Section);
        builder.Services.AddSingleton<ApiDocument>();
    }

    public static void UseDocumentation(this WebApplication app)
    {
        if (!IsEnabled(app.Services))
        {
            return;
        }

        app.Use((context, next) =>
        {
            if (context.Request.Path.StartsWithSegments(SwaggerPage, StringComparison.OrdinalIgnoreCase) || context.Request.Path.StartsWithSegments(ReDocPage, StringComparison.OrdinalIgnoreCase))
            {
                context.Response.Headers.ContentSecurityPolicy = PagePolicy;
            }

            return next(context);
        });
        app.UseSwaggerUI(page =>
        {
            page.RoutePrefix = SwaggerPage[1..];
            page.DocumentTitle = "LlmGateway";
            page.SwaggerEndpoint(ApiDocument.Path, "LlmGateway");
            page.DisplayRequestDuration();
        });
        app.UseMiddleware<OfflineScript>($"{ReDocPage}/redoc.standalone.js");
        app.UseReDoc(page =>
        {
            page.RoutePrefix = ReDocPage[1..];
            page.DocumentTitle = "LlmGateway";
            page.SpecUrl = ApiDocument.Path;

            // Otherwise it tells its maker who reads what; the page's policy would stop it, and the browser complain.
            page.ConfigObject.AdditionalItems["disableTelemetry"] = true;

            // The package's own has fonts from elsewhere.
            page.IndexStream = () => typeof(ApiDocument).Assembly.GetManifestResourceStream("redoc.html")!;
        });
    }

    public static void MapDocumentation(this IEndpointRouteBuilder routes)
    {
        if (IsEnabled(routes.ServiceProvider))
        {
            routes.MapGet(ApiDocument.Path, routes.ServiceProvider.GetRequiredService<ApiDocument>().GetAsync).AllowAnonymous();
        }
    }

    private static bool IsEnabled(IServiceProvider services) => services.GetRequiredService<IOptions<DocumentationOptions>>().Value.Enabled;
}

using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace LlmGateway.ServiceDefaults;

/// <summary>
/// Names each server span "GET /v1/models/{id}" and gives it route and status, as the HTTP semantic conventions ask. The framework's own
/// source (.NET 10) stops at method and path; OpenTelemetry.Instrumentation.AspNetCore, which adds this, is not in every feed.
/// </summary>
internal sealed class ServerSpans : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(DescribeAsync);
        next(app);
    };

    private static async Task DescribeAsync(HttpContext context, RequestDelegate next)
    {
        // The request's own activity: Activity.Current may be a child by the time the request ends.
        var activity = context.Features.Get<IHttpActivityFeature>()?.Activity;
        try
        {
            await next(context);
            Describe(activity, context, context.Response.StatusCode);
        }
        catch (Exception exception)
        {
            activity?.SetTag("error.type", exception.GetType().FullName);   // its message may quote what the client sent
            Describe(activity, context, StatusCodes.Status500InternalServerError);
            throw;
        }
    }

    private static void Describe(Activity? activity, HttpContext context, int status)
    {
        if (activity is not { IsAllDataRequested: true })
        {
            return;
        }

        var method = HttpMethodName.Of(context.Request.Method);
        activity.DisplayName = method;
        if ((context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText is { } route)
        {
            activity.DisplayName = $"{method} {route}";
            activity.SetTag("http.route", route);
        }

        activity.SetTag("http.response.status_code", status);
        if (status >= StatusCodes.Status500InternalServerError)
        {
            activity.SetStatus(ActivityStatusCode.Error);
        }
    }
}

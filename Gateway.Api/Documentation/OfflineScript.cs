using System.Text;
using Microsoft.Extensions.Primitives;

namespace LlmGateway.Gateway.Documentation;

/// <summary>
/// ReDoc's script without its maker's logo, the one thing that it gets from elsewhere: it has no setting for it. An image that is none takes the
/// logo's place, which the script then leaves out.
/// </summary>
internal sealed class OfflineScript(RequestDelegate next, string path)
{
    private const string Elsewhere = "https://cdn.redoc.ly/redoc/";
    private const string Nowhere = "data:,";

    private static readonly StringValues ContentType = "text/javascript; charset=utf-8";

    private byte[]? _script;

    public async Task InvokeAsync(HttpContext context)
    {
        if (!context.Request.Path.Equals(path, StringComparison.Ordinal))
        {
            await next(context);
            return;
        }

        _script ??= await ReadAsync(context);
        context.Response.Headers.ContentType = ContentType;
        context.Response.Headers.ETag = default;
        context.Response.ContentLength = _script.Length;
        await context.Response.Body.WriteAsync(_script, context.RequestAborted);
    }

    // As the page's own middleware serves it, wherever that has it from.
    private async Task<byte[]> ReadAsync(HttpContext context)
    {
        var body = context.Response.Body;
        using var script = new MemoryStream();
        context.Request.Headers.AcceptEncoding = default;
        context.Request.Headers.IfNoneMatch = default;
        context.Response.Body = script;
        try
        {
            await next(context);
        }
        finally
        {
            context.Response.Body = body;
        }

        return Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(script.ToArray()).Replace(Elsewhere, Nowhere, StringComparison.Ordinal));
    }
}

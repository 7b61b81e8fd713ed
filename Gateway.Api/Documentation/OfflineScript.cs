using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

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

    private Script? _script;

    public async Task InvokeAsync(HttpContext context)
    {
        if (!context.Request.Path.Equals(path, StringComparison.Ordinal) || !HttpMethods.IsGet(context.Request.Method))
        {
            await next(context);
            return;
        }

        var known = context.Request.GetTypedHeaders().IfNoneMatch;
        if ((_script ??= await ReadAsync(context)) is { } script)
        {
            await WriteAsync(context, script, known);
        }
    }

    private static async Task WriteAsync(HttpContext context, Script script, IList<EntityTagHeaderValue> known)
    {
        var headers = context.Response.Headers;
        headers.ETag = script.Tag.ToString();
        headers.LastModified = default;
        headers.AcceptRanges = default;
        if (known.Any(tag => tag.Compare(script.Tag, useStrongComparison: false)))
        {
            headers.ContentType = default;
            headers.ContentLength = null;
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        headers.ContentType = ContentType;
        headers.ContentLength = script.Bytes.Length;
        await context.Response.Body.WriteAsync(script.Bytes, context.RequestAborted);
    }

    // As the page's own middleware serves it, wherever that has it from: all of it, whatever this client asked for.
    private async Task<Script?> ReadAsync(HttpContext context)
    {
        var (request, body) = (context.Request.Headers, context.Response.Body);
        using var script = new MemoryStream();
        (request.AcceptEncoding, request.Range, request.IfRange) = (default, default, default);
        (request.IfNoneMatch, request.IfModifiedSince, request.IfMatch, request.IfUnmodifiedSince) = (default, default, default, default);
        context.Response.Body = script;
        try
        {
            await next(context);
        }
        finally
        {
            context.Response.Body = body;
        }

        if (context.Response.StatusCode != StatusCodes.Status200OK)
        {
            await body.WriteAsync(script.ToArray(), context.RequestAborted);
            return null;
        }

        var bytes = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(script.ToArray()).Replace(Elsewhere, Nowhere, StringComparison.Ordinal));
        return new(bytes, new($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes)[..16])}\""));
    }

    private sealed record Script(byte[] Bytes, EntityTagHeaderValue Tag);
}

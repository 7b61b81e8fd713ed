using System.Text.Json.Serialization.Metadata;
using LlmGateway.Gateway.Calls;
using LlmGateway.Gateway.OpenAi;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Admin;

/// <summary>What a management endpoint says: a body of its own, or an error.</summary>
internal readonly record struct AdminAnswer(Func<HttpContext, Task> WriteAsync)
{
    public static implicit operator AdminAnswer(ApiError error) => new(context => OpenAiErrors.WriteAsync(context, error));

    public static implicit operator AdminAnswer(Rejection rejection) => Error(rejection);

    public static AdminAnswer Of<T>(T body, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK) => new(context =>
    {
        context.Response.StatusCode = status;
        return context.WriteJsonAsync(body, type);
    });

    public static ApiError Error(Rejection rejection) => rejection.Kind switch
    {
        RejectionKind.Invalid => Error(rejection, StatusCodes.Status400BadRequest, "invalid_value"),
        RejectionKind.NotFound => Error(rejection, StatusCodes.Status404NotFound, "not_found"),
        RejectionKind.Conflict => Error(rejection, StatusCodes.Status409Conflict, "conflict"),
        _ => throw new ArgumentOutOfRangeException(nameof(rejection), rejection.Kind, "Not a rejection that has a wire form."),
    };

    private static ApiError Error(Rejection rejection, int status, string code) =>
        new(status, ApiErrors.InvalidRequest, code, rejection.Message) { Param = rejection.Field.Length > 0 ? rejection.Field : null };
}

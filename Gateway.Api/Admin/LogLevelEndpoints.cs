using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Calls;
using LlmGateway.ServiceDefaults.Logging;

namespace LlmGateway.Gateway.Admin;

/// <summary>/admin/log-level: how much this gateway logs, until it ends.</summary>
internal sealed partial class LogLevelEndpoints(LogLevels levels, IConfiguration configuration, AdminEndpoint endpoint, ILogger<LogLevelEndpoints> logger)
{
    public Task<AdminAnswer> GetAsync(HttpContext context) => Task.FromResult(Answer());

    public async Task<AdminAnswer> SetAsync(HttpContext context)
    {
        var (body, error) = await AdminBody.ReadAsync(context, endpoint.MaxBodyBytes, AdminJson.Read.NewLogLevelBody);
        if (body is null || (error = body.Fault()) is not null)
        {
            return error!;
        }

        var category = body.Category ?? LogLevels.DefaultCategory;
        if (!levels.Change(category, LevelNames.Parse(body.Level!)!.Value))
        {
            return ApiErrors.Invalid("category", "one of those that were changed already: there are too many");
        }

        var caller = Caller.Of(context);
        Log.Changed(logger, category, body.Level!.ToUpperInvariant(), caller.AccountId, caller.MaskedKey, context.TraceIdentifier);
        return Answer();
    }

    private AdminAnswer Answer() => AdminAnswer.Of(
        new LogLevelsBody("log_levels", [.. LogLevels.Current(configuration).Select(entry => new LogLevelBody(entry.Key, entry.Value))]),
        AdminJson.Wire.LogLevelsBody);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The log level of {Name} is {LogLevel} from now on.")]
        public static partial void Changed(ILogger logger, string name, string logLevel, string userId, string maskedKey, string requestId);
    }
}

/// <param name="Category">Of the lines: the beginning of the name of what logs them. Null for all that have no level of their own.</param>
internal sealed record NewLogLevelBody(string? Level, string? Category)
{
    public ApiError? Fault() => this switch
    {
        { Level: null } => ApiErrors.Missing("level"),
        { Level: var level } when LevelNames.Parse(level) is null => ApiErrors.Invalid("level", LevelNames.Known),
        { Category: { } category } when !LogLevels.IsCategory(category) =>
            ApiErrors.Invalid("category", "the beginning of a category's name, such as LlmGateway.Gateway, of 1 to 200 characters"),
        _ => null,
    };
}

internal sealed record LogLevelsBody(string Object, IReadOnlyList<LogLevelBody> Levels);

internal sealed record LogLevelBody(string Category, string Level);

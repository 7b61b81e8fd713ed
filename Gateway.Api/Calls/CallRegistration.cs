using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Calls;

internal static class CallRegistration
{
    public static void AddCalls(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<CallTimes>().BindConfiguration(CallTimes.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<CallTimes>, CallTimesValidator>();
        builder.Services.AddSingleton<CallPipeline>();
        builder.Services.AddSingleton<CallLog>();

        // Kestrel logs each exception that reaches it as an error. The error boundary has logged those already, and an answer that
        // is broken off on purpose is none.
        builder.Logging.Services.Configure<LoggerFilterOptions>(options => options.Rules.Add(new(
            providerName: null, "Microsoft.AspNetCore.Server.Kestrel", LogLevel.Warning, (_, _, level) => level is LogLevel.Warning or LogLevel.Critical)));
    }
}

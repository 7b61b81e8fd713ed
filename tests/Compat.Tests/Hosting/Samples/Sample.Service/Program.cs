var builder = WebApplication.CreateBuilder(args);
var app = builder.Build();
var healthy = app.Configuration["StartsUnhealthy"] is null;

app.MapGet("/health", () => healthy ? Results.Ok() : Results.StatusCode(503));
app.MapPost("/healthy", () => healthy = true);
app.MapGet("/environment", () => Environment.GetEnvironmentVariables());
app.MapGet("/process", () => Environment.ProcessId);
app.MapGet("/directory", () => Directory.GetCurrentDirectory());
app.MapPost("/exit/{code:int}", (int code) =>
{
    Console.Error.WriteLine("Leaving, as asked.");
    Environment.Exit(code);
});

app.Run();

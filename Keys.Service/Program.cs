using LlmGateway.Keys;
using LlmGateway.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddKeys();

var app = builder.Build();
app.MapDefaultEndpoints();
app.MapKeys();
app.Run();

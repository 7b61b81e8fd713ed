using LlmGateway.Billing;
using LlmGateway.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddBilling();

var app = builder.Build();
app.MapDefaultEndpoints();
app.MapBilling();
app.Run();

using LlmGateway.Routing;
using LlmGateway.Routing.Catalog;
using LlmGateway.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddRouting();

await using var app = builder.Build();
if (!app.TryLoadCatalog())
{
    return 1;
}

app.MapDefaultEndpoints();
app.MapRouting();
await app.RunAsync();
return 0;

using LlmGateway.Protos.Billing.V1;
using LlmGateway.Routing.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace LlmGateway.Routing.Tests.Data;

public sealed class OutboxTests
{
    [Fact]
    public async Task A_database_whose_host_name_does_not_resolve_is_a_failure_and_no_exception()
    {
        await using var services = new ServiceCollection()
            .AddDbContext<RoutingDbContext>(options => options.UseNpgsql("Host=nowhere.invalid;Username=nobody;Database=none"))
            .AddMetrics().AddSingleton<RoutingMetrics>()
            .BuildServiceProvider();
        var outbox = new SettlementOutbox(
            services.GetRequiredService<IServiceScopeFactory>(), services.GetRequiredService<RoutingMetrics>(), TimeProvider.System,
            NullLogger<SettlementOutbox>.Instance);

        (await outbox.TryAddAsync(new SettleRequest { RequestId = "req_1" }, new HoldRequest())).ShouldBeFalse();
    }
}

using System.Net.Sockets;
using System.Text;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.Redis;

/// <summary>
/// Logs in and pings. Five lines of the protocol by hand, so that an AppHost carries no Redis client:
/// <c>*2 $4 AUTH $8 password</c> answers <c>+OK</c>, <c>PING</c> answers <c>+PONG</c>, or <c>-LOADING …</c> while the
/// append-only file is read.
/// </summary>
internal sealed class RedisHealthCheck(RedisResource redis) : IHealthCheck
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(Limit);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(redis.PrimaryEndpoint.Host, redis.PrimaryEndpoint.Port, limited.Token);
            await using var stream = client.GetStream();
            using var replies = new StreamReader(stream);
            if (redis.PasswordParameter is { } password
                && await AskAsync(stream, replies, limited.Token, "AUTH", await password.GetValueAsync(limited.Token) ?? "") is not "+OK")
            {
                return HealthCheckResult.Unhealthy("The password was refused.");
            }

            var reply = await AskAsync(stream, replies, limited.Token, "PING");
            return reply == "+PONG" ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy(reply);
        }
        catch (Exception e) when (e is SocketException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return HealthCheckResult.Unhealthy(e.Message);
        }
    }

    private static async Task<string?> AskAsync(
        NetworkStream stream,
        StreamReader replies,
        CancellationToken cancellationToken,
        params string[] command)
    {
        var parts = command.Select(part => $"${Encoding.UTF8.GetByteCount(part)}\r\n{part}\r\n");
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"*{command.Length}\r\n{string.Concat(parts)}"), cancellationToken);
        return await replies.ReadLineAsync(cancellationToken);
    }
}

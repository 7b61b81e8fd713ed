using System.Data.Common;
using System.Net.Sockets;
using System.Text;
using Grpc.Core;

namespace LlmGateway.ServiceDefaults;

/// <summary>
/// An unexpected exception for the log: types, stacks, and the messages of those kinds that speak of connections and calls of ours. Any
/// other message may quote what was being read ("The input string '…' was not in a correct format"): a key, or a prompt.
/// </summary>
public static class FailureText
{
    public static string Of(Exception exception)
    {
        var text = new StringBuilder();
        for (var current = exception; current is not null; current = current.InnerException)
        {
            text.Append(text.Length > 0 ? " <- " : "").Append(current.GetType().FullName);
            if (Says(current) is { } message)
            {
                text.Append(": ").Append(message);
            }
        }

        return text.Append('\n').Append(exception.StackTrace).ToString();
    }

    /// <summary>The message, of those kinds; null of any other.</summary>
    internal static string? Says(Exception exception) => exception switch
    {
        // A statement's own failure may quote its values; one of the connection may not.
        DbException { SqlState: { } state } => state,
        DbException or SocketException or IOException or TimeoutException or HttpRequestException or OperationCanceledException
            or ObjectDisposedException => exception.Message,
        RpcException rpc => rpc.Status.ToString(),
        _ => null,
    };
}

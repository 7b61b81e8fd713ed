using System.Buffers.Text;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace LlmGateway.Gateway.Account;

/// <summary>The place after a transaction, as clients get it: its id, so that what is added later shifts nothing. Written so that nobody counts on that.</summary>
internal static class TransactionsCursor
{
    private const string Prefix = "txn_";
    private const int Longest = 64;

    public static string After(string transactionId) => Base64Url.EncodeToString(Encoding.ASCII.GetBytes(transactionId));

    public static bool TryRead(StringValues sent, out string transactionId)
    {
        transactionId = "";
        if (sent is not [{ Length: > 0 and <= Longest } cursor] || !Base64Url.IsValid(cursor))
        {
            return false;
        }

        var id = Encoding.ASCII.GetString(Base64Url.DecodeFromChars(cursor));
        transactionId = id;
        return id.StartsWith(Prefix, StringComparison.Ordinal) && id.Length is > 4 and <= 23 && id.AsSpan(Prefix.Length).IndexOfAnyExceptInRange('0', '9') < 0
            && long.TryParse(id.AsSpan(Prefix.Length), out _);
    }
}

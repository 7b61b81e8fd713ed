using LlmGateway.Gateway.Calls;
using Microsoft.AspNetCore.Http;

namespace LlmGateway.Gateway.Tests.Calls;

/// <summary>What a client says of its own retries, which come off the budget of attempts.</summary>
public sealed class ClientRetriesTests
{
    [Theory]
    [InlineData(null, 0)]
    [InlineData("0", 0)]
    [InlineData("2", 2)]
    [InlineData("-1", 0)]
    [InlineData("two", 0)]
    [InlineData("99999999999", 0)]
    public void A_count_is_read_and_anything_else_is_none(string? header, int count)
    {
        var headers = new HeaderDictionary();
        if (header is not null)
        {
            headers["x-stainless-retry-count"] = header;
        }

        CallPipeline.ClientRetries(headers).ShouldBe(count);
    }
}

using System.Collections.Concurrent;
using System.Net;
using LlmGateway.Testing;

namespace LlmGateway.ServiceDefaults.Tests;

public sealed class ReplicaHandlerTests : IDisposable
{
    private static readonly Uri[] Replicas = [new("http://one:1/"), new("http://two:2/"), new("http://three:3/")];
    private readonly FakeTime _time = new();
    private readonly Server _server = new();
    private readonly HttpMessageInvoker _client;

    public ReplicaHandlerTests() => _client = new(new ReplicaHandler(Replicas, _time) { InnerHandler = _server });

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task Calls_go_to_one_after_the_other()
    {
        await SendAsync(6);

        _server.Answered.ShouldBe(["one:1/a/B?c", "two:2/a/B?c", "three:3/a/B?c", "one:1/a/B?c", "two:2/a/B?c", "three:3/a/B?c"]);
    }

    [Fact]
    public async Task One_that_cannot_be_reached_is_passed_over_and_tried_again_later()
    {
        _server.Gone["two"] = HttpRequestError.ConnectionError;
        await SendAsync(30);
        _server.Answered.ShouldNotContain("two:2/a/B?c");
        _server.Answered.Count.ShouldBe(30);
        _server.Tried.Count(host => host == "two").ShouldBe(1, "it rests");

        _server.Gone.Clear();
        _time.Advance(TimeSpan.FromSeconds(1));
        await SendAsync(3);

        _server.Answered.ShouldContain("two:2/a/B?c");
    }

    [Fact]
    public async Task What_may_have_been_sent_is_not_sent_again()
    {
        _server.Gone["one"] = HttpRequestError.ResponseEnded;

        (await Should.ThrowAsync<HttpRequestException>(() => SendAsync(1))).HttpRequestError.ShouldBe(HttpRequestError.ResponseEnded);

        _server.Tried.ShouldBe(["one"]);
    }

    [Fact]
    public async Task Where_all_are_gone_each_was_tried_once_and_one_that_is_back_is_found_at_once()
    {
        foreach (var replica in Replicas)
        {
            _server.Gone[replica.Host] = HttpRequestError.ConnectionError;
        }

        await Should.ThrowAsync<HttpRequestException>(() => SendAsync(1));
        _server.Tried.Order().ShouldBe(["one", "three", "two"]);

        _server.Gone.Remove("three", out _);
        await SendAsync(1);
        _server.Answered.ShouldBe(["three:3/a/B?c"]);
    }

    private async Task SendAsync(int times)
    {
        for (var index = 0; index < times; index++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "http://one:1/a/B?c");
            (await _client.SendAsync(request, CancellationToken.None)).Dispose();
        }
    }

    private sealed class Server : HttpMessageHandler
    {
        public Dictionary<string, HttpRequestError> Gone { get; } = [];

        public ConcurrentQueue<string> Tried { get; } = [];

        public ConcurrentQueue<string> Answered { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Tried.Enqueue(request.RequestUri!.Host);
            if (Gone.TryGetValue(request.RequestUri.Host, out var error))
            {
                throw new HttpRequestException(error);
            }

            Answered.Enqueue(request.RequestUri.Authority + request.RequestUri.PathAndQuery);
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK));
        }
    }
}

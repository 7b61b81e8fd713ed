"""Calls a server of peer.proto: client.py <host:port> with peer_pb2 on the path. Prints one JSON line a case."""
import json
import queue
import sys
import time
import traceback

import grpc
import peer_pb2 as pb
import peer_pb2_grpc

MIB = 1024 * 1024
LIMIT = 20
channel = grpc.insecure_channel(sys.argv[1])
peer = peer_pb2_grpc.PeerStub(channel)


def failure(call):
    """The error that a call must end with."""
    try:
        call()
    except grpc.RpcError as error:
        return error
    raise AssertionError("the call succeeded")


def unary():
    assert peer.Echo(pb.EchoRequest(text="hello"), timeout=LIMIT).text == "hello"


def server_stream():
    numbers = [reply.number for reply in peer.Count(pb.CountRequest(count=1000), timeout=LIMIT)]
    assert numbers == list(range(1000)), numbers


def error_mid_stream():
    received = []
    error = failure(lambda: received.extend(peer.Count(pb.CountRequest(count=3, status=15, message="lost"), timeout=LIMIT)))
    assert len(received) == 3
    assert (error.code(), error.details()) == (grpc.StatusCode.DATA_LOSS, "lost"), error


def client_stream():
    reply = peer.Sum((pb.SumRequest(value=value) for value in range(1, 101)), timeout=LIMIT)
    assert (reply.total, reply.messages) == (5050, 100), reply


def bidi_stream():
    answers = queue.Queue()
    received = []

    def pingpong():
        for i in range(100):
            yield pb.ChatMessage(text=str(i))
            received.append(answers.get(timeout=LIMIT))  # no message leaves before the last one has come back

    for message in peer.Chat(pingpong(), timeout=LIMIT):
        answers.put(message.text)
    assert received == [str(i) for i in range(100)], received


def deadline():
    start = time.monotonic()
    error = failure(lambda: peer.Echo(pb.EchoRequest(delay_ms=10_000), timeout=0.3))
    assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error
    assert time.monotonic() - start < 3


def cancellation():
    call_id = "python client"
    call = peer.Count(pb.CountRequest(count=1_000_000, delay_ms=5, call_id=call_id))
    next(call)
    call.cancel()
    error = failure(lambda: list(call))
    assert error.code() == grpc.StatusCode.CANCELLED, error
    assert peer.Cancelled(pb.CallId(id=call_id), timeout=LIMIT).id == call_id


def binary_metadata():
    data = bytes([0, 1, 2, 250, 255])
    metadata = (("echo-data-bin", data), ("echo-data-bin", b"\x07"), ("head-data-bin", data), ("echo-text", "plain"))
    _, call = peer.Echo.with_call(pb.EchoRequest(), metadata=metadata, timeout=LIMIT)
    trailers = [(key, value) for key, value in call.trailing_metadata() if key.startswith("echo-data")]
    assert trailers == [("echo-data-bin", data), ("echo-data-bin", b"\x07")], trailers
    assert ("echo-text", "plain") in [tuple(entry) for entry in call.trailing_metadata()]
    assert ("head-data-bin", data) in [tuple(entry) for entry in call.initial_metadata()]


def unicode_message():
    message = "né 100% \n日本 😀"
    request = pb.EchoRequest(status=grpc.StatusCode.ABORTED.value[0], message=message, trailers={"why": "asked"})
    error = failure(lambda: peer.Echo(request, timeout=LIMIT))
    assert (error.code(), error.details()) == (grpc.StatusCode.ABORTED, message), error
    assert ("why", "asked") in [tuple(entry) for entry in error.trailing_metadata()]


def large_message():
    reply = peer.Echo(pb.EchoRequest(payload=bytes(3 * MIB), reply_bytes=3 * MIB), timeout=LIMIT)
    assert (reply.received_bytes, len(reply.payload)) == (3 * MIB, 3 * MIB)


def too_large_message():
    for request in pb.EchoRequest(payload=bytes(5 * MIB)), pb.EchoRequest(reply_bytes=5 * MIB):
        error = failure(lambda: peer.Echo(request, timeout=LIMIT))
        assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED, error


def parallel_calls():
    calls = [peer.Echo.future(pb.EchoRequest(text=str(i), delay_ms=100), timeout=LIMIT) for i in range(250)]
    assert [call.result().text for call in calls] == [str(i) for i in range(250)]


def unimplemented():
    error = failure(lambda: peer.NotOverridden(pb.EchoRequest(), timeout=LIMIT))
    assert error.code() == grpc.StatusCode.UNIMPLEMENTED, error


def gzip():
    """A server that does not know gzip must say so in a way that this client understands."""
    try:
        reply = peer.Echo(pb.EchoRequest(text="x" * 10_000), compression=grpc.Compression.Gzip, timeout=LIMIT)
        assert len(reply.text) == 10_000
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.UNIMPLEMENTED, error


for case in (
    unary, server_stream, error_mid_stream, client_stream, bidi_stream, deadline, cancellation, binary_metadata,
    unicode_message, large_message, too_large_message, parallel_calls, unimplemented, gzip,
):
    try:
        case()
        print(json.dumps({"case": case.__name__, "ok": True}), flush=True)
    except Exception:
        print(json.dumps({"case": case.__name__, "ok": False, "detail": traceback.format_exc()}), flush=True)

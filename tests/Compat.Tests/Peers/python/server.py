"""Serves peer.proto: server.py with peer_pb2 on the path. Prints {"port": n}; ends when its standard input does."""
import asyncio
import collections
import json
import sys

import grpc
import peer_pb2
import peer_pb2_grpc

CODES = {code.value[0]: code for code in grpc.StatusCode}


class Peer(peer_pb2_grpc.PeerServicer):
    def __init__(self):
        self.cancelled = collections.defaultdict(asyncio.Event)

    async def Echo(self, request, context):
        metadata = context.invocation_metadata()
        head = tuple((key, value) for key, value in metadata if key.startswith("head-"))
        if head:
            await context.send_initial_metadata(head)
        trailers = tuple((key, value) for key, value in metadata if key.startswith("echo-")) + tuple(request.trailers.items())
        try:
            await asyncio.sleep(request.delay_ms / 1000)
        except asyncio.CancelledError:
            self.cancelled[request.call_id].set()
            raise
        if request.status:
            await context.abort(CODES[request.status], request.message, trailers)
        context.set_trailing_metadata(trailers)
        return peer_pb2.EchoReply(text=request.text, payload=bytes(request.reply_bytes), received_bytes=len(request.payload))

    async def Count(self, request, context):
        try:
            for number in range(request.count):
                if number and request.delay_ms:
                    await asyncio.sleep(request.delay_ms / 1000)
                await context.write(peer_pb2.CountReply(number=number))
        except asyncio.CancelledError:
            self.cancelled[request.call_id].set()
            raise
        if request.status:
            await context.abort(CODES[request.status], request.message)

    async def Sum(self, requests, context):
        reply = peer_pb2.SumReply()
        async for message in requests:
            reply.total += message.value
            reply.received_bytes += len(message.payload)
            reply.messages += 1
        return reply

    async def Chat(self, requests, context):
        async for message in requests:
            await context.write(message)

    async def Cancelled(self, request, context):
        await self.cancelled[request.id].wait()
        return request


async def main():
    server = grpc.aio.server()
    peer_pb2_grpc.add_PeerServicer_to_server(Peer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(json.dumps({"port": port}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await server.stop(grace=None)


asyncio.run(main())

'use strict';
// Serves peer.proto: node server.js <peer.proto>. Prints {"port": n}; ends when its standard input does.

const grpc = require('@grpc/grpc-js');
const { load } = require('./peer');

const cancelled = new Map();

function cancellation(id) {
  if (!cancelled.has(id)) {
    const entry = {};
    entry.promise = new Promise(resolve => { entry.resolve = resolve; });
    cancelled.set(id, entry);
  }
  return cancelled.get(id);
}

const delay = ms => new Promise(resolve => setTimeout(resolve, ms));

function watch(call, id) {
  if (id) {
    call.on('cancelled', () => cancellation(id).resolve());
  }
}

function pick(metadata, prefix) {
  const picked = new grpc.Metadata();
  for (const key of Object.keys(metadata.getMap()).filter(name => name.startsWith(prefix))) {
    metadata.get(key).forEach(value => picked.add(key, value));
  }
  return picked;
}

const handlers = {
  async echo(call, callback) {
    const request = call.request;
    watch(call, request.callId);
    const head = pick(call.metadata, 'head-');
    if (Object.keys(head.getMap()).length > 0) {
      call.sendMetadata(head);
    }
    const trailers = pick(call.metadata, 'echo-');
    Object.entries(request.trailers).forEach(([key, value]) => trailers.add(key, value));
    await delay(request.delayMs);
    if (request.status !== 0) {
      callback({ code: request.status, details: request.message, metadata: trailers });
    } else {
      const reply = { text: request.text, payload: Buffer.alloc(request.replyBytes), receivedBytes: request.payload.length };
      callback(null, reply, trailers);
    }
  },

  async count(call) {
    const request = call.request;
    watch(call, request.callId);
    for (let number = 0; number < request.count && !call.cancelled; number++) {
      if (number > 0 && request.delayMs > 0) {
        await delay(request.delayMs);
      }
      call.write({ number });
    }
    if (request.status !== 0) {
      call.emit('error', { code: request.status, details: request.message });
    } else {
      call.end();
    }
  },

  sum(call, callback) {
    const reply = { total: 0, messages: 0, receivedBytes: 0 };
    call.on('data', message => {
      reply.total += message.value;
      reply.receivedBytes += message.payload.length;
      reply.messages++;
    });
    call.on('end', () => callback(null, reply));
  },

  chat(call) {
    call.on('data', message => call.write(message));
    call.on('end', () => call.end());
  },

  async cancelled(call, callback) {
    await cancellation(call.request.id).promise;
    callback(null, call.request);
  },
};

const server = new grpc.Server();
server.addService(load(process.argv[2]).service, handlers);
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) {
    throw error;
  }
  console.log(JSON.stringify({ port }));
});
process.stdin.on('end', () => process.exit(0)).resume();

'use strict';
// Calls a server of peer.proto: node client.js <peer.proto> <host:port>. Prints one JSON line a case.

const assert = require('node:assert');
const grpc = require('@grpc/grpc-js');
const { load } = require('./peer');

const MiB = 1024 * 1024;
const limitMs = 20_000;
const Peer = load(process.argv[2]);
const client = new Peer(process.argv[3], grpc.credentials.createInsecure());

/** Resolves to {error, reply, headers, status} of a call that has one answer. */
function one(method, request, metadata = new grpc.Metadata(), options = {}) {
  return new Promise(resolve => {
    const outcome = {};
    let waiting = 2;
    const done = () => --waiting === 0 && resolve(outcome);
    const call = client[method](request, metadata, { deadline: Date.now() + limitMs, ...options }, (error, reply) => {
      Object.assign(outcome, { error, reply });
      done();
    });
    call.on('metadata', headers => { outcome.headers = headers; });
    call.on('status', status => { outcome.status = status; done(); });
  });
}

/** Resolves to {messages, status} when the stream has ended. */
function drain(stream, onMessage = () => {}) {
  return new Promise(resolve => {
    const messages = [];
    stream.on('data', message => { messages.push(message); onMessage(message); });
    stream.on('error', () => {});
    stream.on('status', status => resolve({ messages, status }));
  });
}

const cases = {
  async unary() {
    const { reply, status } = await one('echo', { text: 'hello' });
    assert.equal(reply.text, 'hello');
    assert.equal(status.code, grpc.status.OK);
  },

  async server_stream() {
    const { messages, status } = await drain(client.count({ count: 1000 }));
    assert.deepEqual(messages.map(message => message.number), [...Array(1000).keys()]);
    assert.equal(status.code, grpc.status.OK);
  },

  async error_mid_stream() {
    const { messages, status } = await drain(client.count({ count: 3, status: grpc.status.DATA_LOSS, message: 'lost' }));
    assert.equal(messages.length, 3);
    assert.deepEqual([status.code, status.details], [grpc.status.DATA_LOSS, 'lost']);
  },

  client_stream: () => new Promise((resolve, reject) => {
    const call = client.sum((error, reply) => error ? reject(error) : resolve(reply));
    for (let value = 1; value <= 100; value++) {
      call.write({ value });
    }
    call.end();
  }).then(reply => assert.deepEqual([reply.total, reply.messages], [5050, 100])),

  async bidi_stream() {
    const call = client.chat();
    let sent = 0;
    const next = () => sent < 100 ? call.write({ text: `${sent++}` }) : call.end();
    const ended = drain(call, next);
    next();
    const { messages, status } = await ended;
    assert.deepEqual(messages.map(message => message.text), [...Array(100).keys()].map(String));
    assert.equal(status.code, grpc.status.OK);
  },

  async deadline() {
    const start = Date.now();
    const { status } = await one('echo', { delayMs: 10_000 }, undefined, { deadline: start + 300 });
    assert.equal(status.code, grpc.status.DEADLINE_EXCEEDED);
    assert(Date.now() - start < 3000);
  },

  async cancellation() {
    const callId = 'node client';
    const call = client.count({ count: 1_000_000, delayMs: 5, callId });
    const { status } = await drain(call, () => call.cancel());
    assert.equal(status.code, grpc.status.CANCELLED);
    assert.equal((await one('cancelled', { id: callId })).reply.id, callId);
  },

  async binary_metadata() {
    const bytes = Buffer.from([0, 1, 2, 250, 255]);
    const metadata = new grpc.Metadata();
    metadata.add('echo-data-bin', bytes);
    metadata.add('echo-data-bin', Buffer.from([7]));
    metadata.add('head-data-bin', bytes);
    metadata.add('echo-text', 'plain');
    const { headers, status } = await one('echo', {}, metadata);
    assert.deepEqual(status.metadata.get('echo-data-bin'), [bytes, Buffer.from([7])]);
    assert.deepEqual(headers.get('head-data-bin'), [bytes]);
    assert.deepEqual(status.metadata.get('echo-text'), ['plain']);
  },

  async unicode_message() {
    const message = 'né 100% \n日本 😀';
    const { status } = await one('echo', { status: grpc.status.ABORTED, message, trailers: { why: 'asked' } });
    assert.deepEqual([status.code, status.details], [grpc.status.ABORTED, message]);
    assert.deepEqual(status.metadata.get('why'), ['asked']);
  },

  async large_message() {
    const { reply } = await one('echo', { payload: Buffer.alloc(3 * MiB), replyBytes: 3 * MiB });
    assert.deepEqual([reply.receivedBytes, reply.payload.length], [3 * MiB, 3 * MiB]);
  },

  async too_large_message() {
    const up = await one('echo', { payload: Buffer.alloc(5 * MiB) });
    assert.equal(up.status.code, grpc.status.RESOURCE_EXHAUSTED);
    const down = await one('echo', { replyBytes: 5 * MiB });
    assert.equal(down.status.code, grpc.status.RESOURCE_EXHAUSTED);
  },

  async parallel_calls() {
    const outcomes = await Promise.all([...Array(250).keys()].map(i => one('echo', { text: `${i}`, delayMs: 100 })));
    outcomes.forEach((outcome, i) => assert.equal(outcome.reply?.text, `${i}`, outcome.error));
  },

  async unimplemented() {
    const { status } = await one('notOverridden', {});
    assert.equal(status.code, grpc.status.UNIMPLEMENTED);
  },

  async gzip() {
    // A server that does not know gzip must say so in a way that this client understands.
    const zipping = new Peer(process.argv[3], grpc.credentials.createInsecure(), { 'grpc.default_compression_algorithm': 2 });
    await new Promise((resolve, reject) => zipping.echo({ text: 'x'.repeat(10_000) }, (error, reply) => {
      zipping.close();
      const understood = error ? error.code === grpc.status.UNIMPLEMENTED : reply.text.length === 10_000;
      understood ? resolve() : reject(error ?? new Error(`${reply.text.length} characters came back`));
    }));
  },
};

(async () => {
  for (const [name, run] of Object.entries(cases)) {
    let timer;
    const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error('did not end')), limitMs); });
    try {
      await Promise.race([run(), late]);
      console.log(JSON.stringify({ case: name, ok: true }));
    } catch (error) {
      console.log(JSON.stringify({ case: name, ok: false, detail: `${error.stack ?? error}` }));
    }
    clearTimeout(timer);
  }
  process.exit(0);
})();

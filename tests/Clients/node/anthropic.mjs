// Anthropic's official client against a running gateway: BASE_URL, KEY, MODEL, TOOLS_MODEL, SLOW_MODEL, CUT_MODEL in the environment. One JSON line a case.
import Anthropic from '@anthropic-ai/sdk';

const baseURL = process.env.BASE_URL;
const model = process.env.MODEL;
const client = new Anthropic({ baseURL, apiKey: process.env.KEY, maxRetries: 0 });
const messages = [{ role: 'user', content: 'Say hello.' }];
const tools = [{ name: 'weather', input_schema: { type: 'object', properties: { city: { type: 'string' } } } }];

const cases = {
  async message() {
    const answer = await client.messages.create({ model, max_tokens: 100, messages });
    return { id: answer.id, type: answer.type, text: answer.content[0].text, stop: answer.stop_reason, usage: answer.usage, requestId: answer._request_id };
  },

  async stream() {
    const events = [];
    const runner = client.messages.stream({ model, max_tokens: 100, messages });
    runner.on('streamEvent', (event) => events.push(event.type));
    const answer = await runner.finalMessage();
    return { events, text: answer.content[0].text, stop: answer.stop_reason, usage: answer.usage };
  },

  async tools() {
    const asked = { model: process.env.TOOLS_MODEL, max_tokens: 100, tools, messages };
    const first = await client.messages.stream(asked).finalMessage();
    const calls = first.content.filter((block) => block.type === 'tool_use');
    const results = calls.map((call) => ({ type: 'tool_result', tool_use_id: call.id, content: 'sunny' }));
    const second = await client.messages.create({
      ...asked, messages: [...messages, { role: 'assistant', content: first.content }, { role: 'user', content: results }],
    });
    return { stop: first.stop_reason, inputs: calls.map((call) => call.input), text: second.content[0].text };
  },

  async abort() {
    const stream = client.messages.stream({ model: process.env.SLOW_MODEL, max_tokens: 100, messages });
    stream.on('text', () => stream.abort());
    try {
      await stream.finalMessage();
      return { refused: false };
    } catch (error) {
      return { refused: true, class: error.constructor.name };
    }
  },

  async cut() {
    let text = '';
    try {
      for await (const event of await client.messages.create({ model: process.env.CUT_MODEL, max_tokens: 100, messages, stream: true })) {
        text += event.delta?.text ?? '';
      }
      return { refused: false, text };
    } catch (error) {
      return { refused: true, class: error.constructor.name, type: error.type, text };
    }
  },

  async count() {
    return { tokens: (await client.messages.countTokens({ model, messages })).input_tokens };
  },

  async models() {
    const ids = [];
    for await (const entry of client.models.list()) ids.push(entry.id);
    return { ids };
  },

  old_header: () => new Anthropic({ baseURL, maxRetries: 0, apiKey: 'unused', defaultHeaders: { Authorization: null, 'x-api-key': process.env.KEY } })
    .messages.create({ model, max_tokens: 100, messages }).then((answer) => ({ type: answer.type })),
  unknown_key: () => refused(new Anthropic({ baseURL, apiKey: 'sk-nobody-has-this-key', maxRetries: 0 })),
  unknown_model: () => refused(client, { model: 'no-such-model', max_tokens: 100, messages }),
  wrong_block: () => refused(client, { model, max_tokens: 100, messages: [{ role: 'user', content: [{ type: 'image' }] }] }),
  missing_maximum: () => refused(client, { model, messages }),
};

async function refused(with_, body = { model, max_tokens: 100, messages }) {
  try {
    await with_.messages.create(body);
    return { refused: false };
  } catch (error) {
    return { refused: true, class: error.constructor.name, status: error.status, type: error.type, message: error.message, requestId: error.requestID };
  }
}

for (const [name, run] of Object.entries(cases)) {
  try {
    console.log(JSON.stringify({ case: name, result: await run() }));
  } catch (error) {
    console.log(JSON.stringify({ case: name, error: String(error?.stack ?? error) }));
  }
}

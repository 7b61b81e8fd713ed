// The official client against a running gateway: BASE_URL, KEY, MODEL, EMBEDDING_MODEL in the environment. One JSON line a case.
import OpenAI from 'openai';

const baseURL = process.env.BASE_URL;
const model = process.env.MODEL;
const client = new OpenAI({ baseURL, apiKey: process.env.KEY, maxRetries: 0 });
const messages = [{ role: 'user', content: 'Say hello.' }];

const cases = {
  async chat() {
    const answer = await client.chat.completions.create({ model, messages });
    return { content: answer.choices[0].message.content, finish: answer.choices[0].finish_reason, usage: answer.usage, model: answer.model };
  },

  async stream() {
    const stream = await client.chat.completions.create({ model, messages, stream: true, stream_options: { include_usage: true } });
    let content = '';
    let finish = null;
    let usage = null;
    let usageChunks = 0;
    for await (const chunk of stream) {
      content += chunk.choices[0]?.delta?.content ?? '';
      finish = chunk.choices[0]?.finish_reason ?? finish;
      if (chunk.usage) {
        usage = chunk.usage;
        usageChunks++;
      }
    }
    return { content, finish, usage, usageChunks };
  },

  async helper() {
    const runner = client.chat.completions.stream({ model, messages });
    const final = await runner.finalChatCompletion();
    return { content: final.choices[0].message.content, finish: final.choices[0].finish_reason };
  },

  // Asks for base64, and decodes whatever comes as that.
  async embeddings() {
    const answer = await client.embeddings.create({ model: process.env.EMBEDDING_MODEL, input: ['one', 'two'], dimensions: 8 });
    return { vectors: answer.data.map((entry) => entry.embedding), usage: answer.usage };
  },

  async completions() {
    const stream = await client.completions.create({ model, prompt: 'Say hello.', stream: true, stream_options: { include_usage: true } });
    let text = '';
    let finish = null;
    let usage = null;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.text ?? '';
      finish = chunk.choices[0]?.finish_reason ?? finish;
      usage = chunk.usage ?? usage;
    }
    return { text, finish, usage };
  },

  async models() {
    const ids = [];
    for await (const entry of client.models.list()) ids.push(entry.id);
    return { ids };
  },

  wrong_scheme: () => refused(new OpenAI({ baseURL, apiKey: 'x', maxRetries: 0, defaultHeaders: { Authorization: 'Basic eDp5' } })),
  unknown_key: () => refused(new OpenAI({ baseURL, apiKey: 'sk-nobody-has-this-key', maxRetries: 0 })),
  unknown_model: () => refused(client, { model: 'no-such-model', messages }),
  missing_messages: () => refused(client, { model }),
};

async function refused(with_, body = { model, messages }) {
  try {
    await with_.chat.completions.create(body);
    return { refused: false };
  } catch (error) {
    return { refused: true, class: error.constructor.name, status: error.status, code: error.code, param: error.param, type: error.type, requestId: error.requestID };
  }
}

for (const [name, run] of Object.entries(cases)) {
  try {
    console.log(JSON.stringify({ case: name, result: await run() }));
  } catch (error) {
    console.log(JSON.stringify({ case: name, error: String(error?.stack ?? error) }));
  }
}

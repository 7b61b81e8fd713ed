// Official clients with their own retries against providers that are down: BASE_URL and KEY in the environment. Each case has a model of its own,
// fake-down-0 and so on in their order, and counts its requests. One JSON line a case.
import OpenAI from 'openai';
import Anthropic from '@anthropic-ai/sdk';

const root = process.env.BASE_URL;
const messages = [{ role: 'user', content: 'Say hello.' }];

async function counted(make, call) {
  let requests = 0;
  let shouldRetry = null;
  const fetch = async (...args) => {
    requests++;
    const answer = await globalThis.fetch(...args);
    shouldRetry = answer.headers.get('x-should-retry');
    return answer;
  };
  try {
    await call(make(fetch));
  } catch (error) {
    return { requests, shouldRetry, status: error.status };
  }
  return { requests, shouldRetry, status: 200 };
}

const openai = headers => fetch => new OpenAI({ baseURL: `${root}/v1`, apiKey: process.env.KEY, fetch, defaultHeaders: headers });
const anthropic = fetch => new Anthropic({ baseURL: root, apiKey: process.env.KEY, fetch });
const chat = (model, stream = false) => client => client.chat.completions.create({ model, messages, stream });

const cases = {
  chat: model => counted(openai(), chat(model)),
  chat_stream: model => counted(openai(), chat(model, true)),
  responses: model => counted(openai(), client => client.responses.create({ model, input: 'Say hello.' })),
  messages: model => counted(anthropic, client => client.messages.create({ model, max_tokens: 100, messages })),
  came_back: model => counted(openai({ 'x-stainless-retry-count': '2' }), chat(model)),
  limited: model => counted(openai(), chat(model)),
  limited_messages: model => counted(anthropic, client => client.messages.create({ model, max_tokens: 100, messages })),
};

await Promise.all(Object.entries(cases).map(([name, run], index) => report(name, run, index)));

async function report(name, run, index) {
  try {
    console.log(JSON.stringify({ case: name, result: await run(`fake-down-${index}`) }));
  } catch (error) {
    console.log(JSON.stringify({ case: name, error: String(error?.stack ?? error) }));
  }
}

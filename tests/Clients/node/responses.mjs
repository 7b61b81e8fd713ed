// Clients of OpenAI's Responses API against a running gateway: the official one, and the Vercel AI SDK, whose openai(model) speaks it.
// BASE_URL, KEY and models in the environment. One JSON line a case.
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai';
import OpenAI from 'openai';

const { BASE_URL: baseURL, KEY: apiKey, MODEL: model, NATIVE: native, TOOLS: toolModel } = process.env;
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const openai = createOpenAI({ baseURL, apiKey });
const input = 'Say hello.';
const stateless = { openai: { store: false } };
const weather = {
  type: 'function', name: 'weather', strict: false,
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

async function streamed(name) {
  const types = [];
  let text = '';
  let final = null;
  for await (const event of await client.responses.create({ model: name, input, stream: true })) {
    types.push(event.type);
    text += event.type === 'response.output_text.delta' ? event.delta : '';
    final = event.response ?? final;
  }
  return { text, first: types[0], last: types.at(-1), status: final.status, output: final.output_text ?? final.output[0].content[0].text, usage: final.usage };
}

async function created(name) {
  const response = await client.responses.create({ model: name, input });
  return { text: response.output_text, status: response.status, store: response.store, usage: response.usage };
}

// What a client sees of an answer that breaks off.
async function cut(name) {
  const types = [];
  try {
    for await (const event of await client.responses.create({ model: name, input, stream: true })) types.push(event.type);
    return { thrown: null, types };
  } catch (error) {
    return { thrown: error.constructor.name, message: error.message, types };
  }
}

async function refused(call) {
  try {
    await call();
    return { refused: false };
  } catch (error) {
    return { refused: true, class: error.constructor.name, status: error.status, code: error.code, param: error.param };
  }
}

// A turn with two calls at once, and the turn that has their outputs.
async function tools(stream) {
  const turn = [{ role: 'user', content: 'Weather in Rome and Oslo?' }];
  const first = stream
    ? await client.responses.stream({ model: toolModel, input: turn, tools: [weather] }).finalResponse()
    : await client.responses.create({ model: toolModel, input: turn, tools: [weather] });
  const calls = first.output.filter(item => item.type === 'function_call');
  const second = await client.responses.create({
    model: toolModel, tools: [weather],
    input: [...turn, ...first.output, ...calls.map(call => ({ type: 'function_call_output', call_id: call.call_id, output: 'cold' }))],
  });
  return { cities: calls.map(call => JSON.parse(call.arguments).city), text: second.output_text };
}

const aiTools = {
  weather: tool({
    description: 'The weather of a city', inputSchema: jsonSchema(weather.parameters), execute: async ({ city }) => `${city}: cold`,
  }),
};

async function aiTurns(run) {
  const result = await run({
    model: openai(toolModel), prompt: 'Weather in Rome and Oslo?', tools: aiTools, stopWhen: stepCountIs(3), providerOptions: stateless,
  });
  const steps = await result.steps;
  return { results: steps[0].toolResults.map(entry => entry.output), text: await result.text, steps: steps.length };
}

const cases = {
  create: () => created(model),
  stream: () => streamed(model),
  create_native: () => created(native),
  stream_native: () => streamed(native),
  tools: () => tools(false),
  tools_stream: () => tools(true),
  cut: () => cut('fake-cut'),
  previous: () => refused(() => client.responses.create({ model, input, previous_response_id: 'resp_1' })),
  hosted_tool: () => refused(() => client.responses.create({ model, input, tools: [{ type: 'web_search' }] })),
  no_input: () => refused(() => client.responses.create({ model })),
  retrieve: () => refused(() => client.responses.retrieve('resp_1')),

  async ai_text() {
    const result = await generateText({ model: openai(model), prompt: input, maxRetries: 0 });
    return { text: result.text, finish: result.finishReason, tokens: result.usage.outputTokens };
  },

  async ai_stream() {
    const result = streamText({ model: openai(model), prompt: input, maxRetries: 0 });
    let text = '';
    for await (const part of result.textStream) text += part;
    return { text, finish: await result.finishReason, tokens: (await result.usage).outputTokens };
  },

  // It reads the error event, and then throws at the connection that breaks.
  async ai_cut() {
    const parts = [];
    let thrown = null;
    try {
      for await (const part of streamText({ model: openai('fake-cut'), prompt: input, maxRetries: 0, onError() {} }).fullStream) parts.push(part);
    } catch (error) {
      thrown = error.constructor.name;
    }
    const errors = parts.filter(part => part.type === 'error').map(part => part.error?.message ?? JSON.stringify(part.error));
    return { errors, thrown, finishes: parts.filter(part => part.type === 'finish').map(part => part.finishReason) };
  },

  ai_tools: () => aiTurns(generateText),
  ai_tools_stream: () => aiTurns(async options => {
    const result = streamText(options);
    await result.consumeStream();
    return result;
  }),
};

for (const [name, run] of Object.entries(cases)) {
  try {
    console.log(JSON.stringify({ case: name, result: await run() }));
  } catch (error) {
    console.log(JSON.stringify({ case: name, error: String(error?.stack ?? error) }));
  }
}

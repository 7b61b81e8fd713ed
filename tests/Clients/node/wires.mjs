// The vendors' own clients against the fake provider: BASE_URL and KEY in the environment. One JSON line a case, in one form for all vendors:
// { text, thinking, tools: [{ name, arguments }], finish, usage: { prompt, cached, written, completion, reasoning } }.
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI, { AzureOpenAI } from 'openai';

const base = process.env.BASE_URL;
const prompt = 'Say hello now.';
const messages = [{ role: 'user', content: prompt }];
const schema = { type: 'object', properties: { city: { type: 'string' } } };
const tools = ['weather', 'now'];

const openai = (apiKey) => new OpenAI({ baseURL: base + '/v1', apiKey, maxRetries: 0 });
const azure = (apiKey) => new AzureOpenAI({ endpoint: base, apiVersion: '2024-10-21', apiKey, maxRetries: 0 });
const anthropic = (apiKey) => new Anthropic({ baseURL: base, apiKey, maxRetries: 0 });
const gemini = (apiKey) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: base } });

const chatVendor = (client) => ({
  client,
  async whole(of, model) {
    const answer = await of.chat.completions.create({ model, messages, tools: tools.map((name) => ({ type: 'function', function: { name, parameters: schema } })) });
    const { message, finish_reason } = answer.choices[0];
    return {
      text: message.content ?? '', thinking: message.reasoning_content ?? '', finish: finish_reason, usage: chatUsage(answer.usage),
      tools: (message.tool_calls ?? []).map((call) => ({ name: call.function.name, arguments: call.function.arguments })),
    };
  },
  async stream(of, model) {
    const seen = { text: '', thinking: '', tools: [], finish: null, usage: null };
    for await (const chunk of await of.chat.completions.create({ model, messages, stream: true, stream_options: { include_usage: true } })) {
      const { delta, finish_reason } = chunk.choices[0] ?? {};
      seen.text += delta?.content ?? '';
      seen.thinking += delta?.reasoning_content ?? '';
      for (const call of delta?.tool_calls ?? []) {
        seen.tools[call.index] ??= { name: call.function.name, arguments: '' };
        seen.tools[call.index].arguments += call.function.arguments;
      }
      seen.finish = finish_reason ?? seen.finish;
      seen.usage = chunk.usage ? chatUsage(chunk.usage) : seen.usage;
    }
    return seen;
  },
});

const vendors = {
  openai: chatVendor(openai),
  azure: chatVendor(azure),

  responses: {
    client: openai,
    async whole(of, model) {
      return ofResponse(await of.responses.create({ model, input: prompt, tools: tools.map((name) => ({ type: 'function', name, parameters: schema, strict: false })) }));
    },
    async stream(of, model) {
      return ofResponse(await of.responses.stream({ model, input: prompt }).finalResponse());
    },
  },

  anthropic: {
    client: anthropic,
    async whole(of, model) {
      return ofMessage(await of.messages.create({ model, max_tokens: 100, messages, tools: tools.map((name) => ({ name, input_schema: schema })) }));
    },
    async stream(of, model) {
      return ofMessage(await of.messages.stream({ model, max_tokens: 100, messages }).finalMessage());
    },
  },

  gemini: {
    client: gemini,
    async whole(of, model) {
      const config = { maxOutputTokens: 100, tools: [{ functionDeclarations: tools.map((name) => ({ name, parametersJsonSchema: schema })) }] };
      return ofCandidates([await of.models.generateContent({ model, contents: prompt, config })]);
    },
    async stream(of, model) {
      const chunks = [];
      for await (const chunk of await of.models.generateContentStream({ model, contents: prompt })) chunks.push(chunk);
      return ofCandidates(chunks);
    },
  },
};

function chatUsage(usage) {
  return {
    prompt: usage.prompt_tokens, cached: usage.prompt_tokens_details.cached_tokens, written: usage.prompt_tokens_details.cache_write_tokens ?? 0,
    completion: usage.completion_tokens, reasoning: usage.completion_tokens_details.reasoning_tokens,
  };
}

function ofResponse(response) {
  return {
    text: response.output_text,
    thinking: response.output.filter((item) => item.type === 'reasoning').flatMap((item) => item.summary).map((part) => part.text).join(''),
    tools: response.output.filter((item) => item.type === 'function_call').map((item) => ({ name: item.name, arguments: item.arguments })),
    finish: response.incomplete_details?.reason ?? response.status,
    usage: {
      prompt: response.usage.input_tokens, cached: response.usage.input_tokens_details.cached_tokens, written: response.usage.input_tokens_details.cache_write_tokens ?? 0,
      completion: response.usage.output_tokens, reasoning: response.usage.output_tokens_details.reasoning_tokens,
    },
  };
}

function ofMessage({ content, stop_reason, usage }) {
  const all = (type, field) => content.filter((block) => block.type === type).map((block) => block[field]).join('');
  return {
    text: all('text', 'text'), thinking: all('thinking', 'thinking'), signature: all('thinking', 'signature'), finish: stop_reason,
    tools: content.filter((block) => block.type === 'tool_use').map((block) => ({ name: block.name, arguments: JSON.stringify(block.input) })),
    usage: {
      prompt: usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens, cached: usage.cache_read_input_tokens,
      written: usage.cache_creation_input_tokens, writtenForAnHour: usage.cache_creation.ephemeral_1h_input_tokens,
      completion: usage.output_tokens, reasoning: usage.output_tokens_details?.thinking_tokens ?? 0,
    },
  };
}

function ofCandidates(chunks) {
  const parts = chunks.flatMap((chunk) => chunk.candidates?.[0].content?.parts ?? []);
  const usage = chunks.at(-1).usageMetadata;
  return {
    text: parts.filter((part) => !part.thought).map((part) => part.text ?? '').join(''),
    thinking: parts.filter((part) => part.thought).map((part) => part.text).join(''),
    signature: parts.map((part) => part.thoughtSignature ?? '').join(''),
    tools: parts.filter((part) => part.functionCall).map((part) => ({ name: part.functionCall.name, arguments: JSON.stringify(part.functionCall.args) })),
    finish: chunks.at(-1).candidates?.[0].finishReason ?? chunks.at(-1).promptFeedback.blockReason,
    usage: {
      prompt: usage.promptTokenCount, cached: usage.cachedContentTokenCount ?? 0, written: 0,
      completion: (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0), reasoning: usage.thoughtsTokenCount ?? 0,
    },
  };
}

/** The conversation goes on after a call of two tools: what the model said goes back as the client's library kept it. */
const turns = {
  async anthropic(of) {
    const declared = tools.map((name) => ({ name, input_schema: schema }));
    const { content } = await of.messages.create({ model: 'turns', max_tokens: 100, messages, tools: declared });
    const results = content.filter((block) => block.type === 'tool_use').map((block) => ({ type: 'tool_result', tool_use_id: block.id, content: 'cold' }));
    const next = (blocks) => of.messages.create({ model: 'turns', max_tokens: 100, tools: declared, messages: [...messages, { role: 'assistant', content }, { role: 'user', content: blocks }] });
    return { answered: ofMessage(await next(results)).text, unanswered: await thrown(() => next(results.slice(1))) };
  },
  async gemini(of) {
    const config = { tools: [{ functionDeclarations: tools.map((name) => ({ name, parametersJsonSchema: schema })) }] };
    const model = 'gemini-3-turns';
    const first = await of.models.generateContent({ model, contents: prompt, config });
    const results = first.functionCalls.map(({ name }) => ({ functionResponse: { name, response: { output: 'cold' } } }));
    const next = (said, parts) => of.models.generateContent({ model, config, contents: [{ role: 'user', parts: [{ text: prompt }] }, said, { role: 'user', parts }] });
    const said = first.candidates[0].content;
    const unsigned = { ...said, parts: said.parts.map(({ thoughtSignature, ...part }) => part) };
    return {
      answered: (await next(said, results)).text, unanswered: await thrown(() => next(said, results.slice(1))), unsigned: await thrown(() => next(unsigned, results)),
    };
  },
  async responses(of) {
    const first = await of.responses.create({ model: 'turns', input: prompt });
    const results = first.output.filter((item) => item.type === 'function_call').map((item) => ({ type: 'function_call_output', call_id: item.call_id, output: 'cold' }));
    const next = (items) => of.responses.create({ model: 'turns', input: [{ role: 'user', content: prompt }, ...first.output, ...items] });
    return { answered: (await next(results)).output_text, unanswered: await thrown(() => next(results.slice(1))) };
  },
  async openai(of) {
    const { choices: [{ message }] } = await of.chat.completions.create({ model: 'turns', messages });
    const results = message.tool_calls.map((call) => ({ role: 'tool', tool_call_id: call.id, content: 'cold' }));
    const next = (items) => of.chat.completions.create({ model: 'turns', messages: [...messages, message, ...items] });
    return { answered: (await next(results)).choices[0].message.content, unanswered: await thrown(() => next(results.slice(1))) };
  },
};

async function thrown(call) {
  try {
    await call();
    return { class: null };
  } catch (error) {
    const { constructor, status, message, code, requestID, headers } = error;
    return { class: constructor.name, status: status ?? null, message, code: code ?? null, requestId: requestID ?? null, retryAfter: headers?.get?.('retry-after') ?? null };
  }
}

async function report(name, run) {
  try {
    console.log(JSON.stringify({ case: name, result: await run() }));
  } catch (error) {
    console.log(JSON.stringify({ case: name, error: String(error?.stack ?? error) }));
  }
}

for (const [vendor, { client, whole, stream }] of Object.entries(vendors)) {
  const of = client(process.env.KEY);
  for (const model of ['plain', 'thinking', 'tools', 'long', 'refused']) {
    await report(`${vendor} ${model} whole`, () => whole(of, model));
    await report(`${vendor} ${model} stream`, () => stream(of, model));
  }
  for (const model of ['rate', 'overloaded', 'policy', 'context', 'cut', 'broken']) {
    await report(`${vendor} ${model} whole`, () => thrown(() => whole(of, model)));
    await report(`${vendor} ${model} stream`, () => thrown(() => stream(of, model)));
  }
  await report(`${vendor} wrong key`, () => thrown(() => whole(client('sk-wrong'), 'plain')));
  if (turns[vendor]) await report(`${vendor} turns`, () => turns[vendor](of));
}

const of = openai(process.env.KEY);
await report('embeddings', async () => ({
  base64: (await of.embeddings.create({ model: 'plain', input: ['one text', 'another'] })).data.map((item) => item.embedding),
  float: (await of.embeddings.create({ model: 'plain', input: ['one text', 'another'], encoding_format: 'float' })).data.map((item) => item.embedding),
  gemini: (await gemini(process.env.KEY).models.embedContent({ model: 'plain', contents: ['one text', 'another'] })).embeddings.map((item) => item.values),
}));
await report('completions', async () => {
  let text = '';
  for await (const chunk of await of.completions.create({ model: 'plain', prompt, stream: true })) text += chunk.choices[0].text;
  return { whole: (await of.completions.create({ model: 'plain', prompt })).choices[0].text, stream: text };
});
await report('count', () => anthropic(process.env.KEY).messages.countTokens({ model: 'plain', messages }));
await report('models', async () => ({
  openai: (await of.models.list()).data.map((model) => model.id),
  anthropic: (await anthropic(process.env.KEY).models.list()).data.map((model) => model.id),
}));

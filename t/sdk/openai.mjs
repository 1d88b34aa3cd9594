// The official OpenAI client.

import OpenAI from 'openai';

import { collect, compare, refuse, retry, retryAfter } from './common.mjs';

const MESSAGES = [
    { role: 'system', content: 'You answer in one sentence.' },
    { role: 'user', content: 'Why does bread rise? \u00e4\u{1f35e}' },
];
const MODEL = 'gpt-4o';

const TOOLS = [{
    type: 'function',
    function: {
        name: 'get_weather',
        description: 'The weather of a city, now.',
        parameters: { type: 'object',
            properties: { city: { type: 'string' } } },
    },
}];


function client(url, key, headers, { fetch, retries = 0 }) {
    return new OpenAI({ baseURL: `${url}/v1`, apiKey: key, fetch,
        defaultHeaders: headers, maxRetries: retries });
}


const usage = ({ prompt_tokens, completion_tokens = 0 }) =>
    [prompt_tokens, completion_tokens];


async function chat(...where) {
    const whole = await client(...where).chat.completions.create({
        model: MODEL, messages: MESSAGES });

    return { whole, text: whole.choices[0].message.content,
        usage: usage(whole.usage) };
}


async function choices(...where) {
    const whole = await client(...where).chat.completions.create({
        model: MODEL, messages: MESSAGES, n: 3, temperature: 0.7 });

    return { whole, text: whole.choices[2].message.content,
        usage: usage(whole.usage) };
}


async function chatStream(...where) {
    const stream = await client(...where).chat.completions.create({
        model: MODEL, messages: MESSAGES, stream: true,
        stream_options: { include_usage: true } });
    const whole = await collect(stream);

    return { whole, usage: usage(whole.at(-1).usage),
        text: whole.map((c) => c.choices[0]?.delta.content ?? '').join('') };
}


async function tool(...where) {
    const whole = await client(...where).chat.completions.create({
        model: MODEL, messages: MESSAGES, tools: TOOLS });

    return { whole, usage: usage(whole.usage),
        text: whole.choices[0].message.tool_calls[0].function.arguments };
}


async function completion(...where) {
    const whole = await client(...where).completions.create({
        model: MODEL, prompt: 'Bread rises because', max_tokens: 50 });

    return { whole, text: whole.choices[0].text, usage: usage(whole.usage) };
}


async function response(...where) {
    const whole = await client(...where).responses.create({
        model: MODEL, input: 'Why does bread rise?' });

    return { whole, text: whole.output_text,
        usage: [whole.usage.input_tokens, whole.usage.output_tokens] };
}


async function responseStream(...where) {
    const stream = await client(...where).responses.create({
        model: MODEL, input: 'Why does bread rise?', stream: true });
    const whole = await collect(stream);
    const end = whole.find(({ type }) => type === 'response.completed');

    return { whole,
        text: whole.filter((e) => e.type === 'response.output_text.delta')
            .map((e) => e.delta).join(''),
        usage: [end.response.usage.input_tokens,
            end.response.usage.output_tokens] };
}


async function embedding(...where) {
    const whole = await client(...where).embeddings.create({
        model: 'text-embedding-3-small', input: ['bread', 'water', 'salt'] });

    return { whole, usage: usage(whole.usage),
        text: `${whole.data.length} vectors` };
}


function describe(error) {
    return { right: error instanceof OpenAI.RateLimitError,
        kind: error.code, type: error.type, message: error.message };
}


await compare('openai', 'chat', 'cached=5; reasoning=7', chat);
await compare('openai', 'chat of three choices', 'tokens=9', choices);
await compare('openai', 'chat stream', 'reasoning=7; delay=3', chatStream);
await compare('openai', 'chat with a tool', 'tool=1', tool);
await compare('openai', 'completion', 'tokens=20', completion);
await compare('openai', 'response', 'reasoning=40; cached=2', response);
await compare('openai', 'response stream', 'delay=3', responseStream);
await compare('openai', 'embeddings', 'input=33', embedding);

await refuse('openai', 'chat', chat, describe);
await refuse('openai', 'chat stream', chatStream, describe);
await refuse('openai', 'response', response, describe);
await retry('openai', chat, retryAfter);

// The official Anthropic client.

import Anthropic from '@anthropic-ai/sdk';

import { collect, compare, refuse, retry, retryAfter } from './common.mjs';

const REQUEST = {
    model: 'claude-test',    // no model that will be deprecated
    max_tokens: 200,
    system: 'You answer in one sentence.',
    messages: [
        { role: 'user', content: 'Why does bread rise? \u00e4\u{1f35e}' },
    ],
};

const TOOLS = [{
    name: 'get_weather',
    description: 'The weather of a city, now.',
    input_schema: { type: 'object',
        properties: { city: { type: 'string' } } },
}];


function client(url, key, headers, { fetch, retries = 0 }) {
    return new Anthropic({ baseURL: url, apiKey: key, authToken: null, fetch,
        defaultHeaders: headers, maxRetries: retries });
}


const usage = (u) => [u.input_tokens + u.cache_creation_input_tokens
    + u.cache_read_input_tokens, u.output_tokens];

const text = (message) => message.content
    .map((block) => block.text ?? '').join('');


async function message(...where) {
    const whole = await client(...where).messages.create(REQUEST);

    return { whole, text: text(whole), usage: usage(whole.usage) };
}


async function thinking(...where) {
    const whole = await client(...where).messages.create({ ...REQUEST,
        max_tokens: 2000,
        thinking: { type: 'enabled', budget_tokens: 1024 } });

    return { whole, text: text(whole), usage: usage(whole.usage) };
}


// The events as they are.

async function events(...where) {
    const stream = await client(...where).messages.create({ ...REQUEST,
        stream: true });
    const whole = await collect(stream);
    const begin = whole.find(({ type }) => type === 'message_start');
    const end = whole.find(({ type }) => type === 'message_delta');

    return { whole, text: whole.map((e) => e.delta?.text ?? '').join(''),
        usage: usage({ ...begin.message.usage, ...end.usage }) };
}


// What the SDK makes of them.

async function stream(...where) {
    const whole = await client(...where).messages.stream(REQUEST)
        .finalMessage();

    return { whole, text: text(whole), usage: usage(whole.usage) };
}


async function tool(...where) {
    const whole = await client(...where).messages.stream({ ...REQUEST,
        tools: TOOLS }).finalMessage();
    const call = whole.content.find(({ type }) => type === 'tool_use');

    return { whole, text: call.input.city, usage: usage(whole.usage) };
}


function describe(error) {
    return { right: error instanceof Anthropic.RateLimitError,
        kind: error.error?.error?.type, type: error.error?.type,
        message: error.error?.error?.message };
}


await compare('anthropic', 'message', 'cached=9; cache_write=3', message);
await compare('anthropic', 'message with thinking', 'reasoning=25', thinking);
await compare('anthropic', 'events', 'cached=9; delay=3', events);
await compare('anthropic', 'stream', 'cache_write=3; reasoning=8', stream);
await compare('anthropic', 'stream with a tool', 'tool=1', tool);

await refuse('anthropic', 'message', message, describe);
await refuse('anthropic', 'stream', stream, describe);
await retry('anthropic', message, retryAfter);

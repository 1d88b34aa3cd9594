// The official Gemini client.

import { setTimeout } from 'node:timers/promises';

import { ApiError, GoogleGenAI } from '@google/genai';

import { collect, compare, refuse, retry } from './common.mjs';

const REQUEST = {
    model: 'gemini-2.5-flash',
    contents: 'Why does bread rise? \u00e4\u{1f35e}',
    config: { systemInstruction: 'You answer in one sentence.' },
};


function client(url, key, headers, { fetch }) {
    return new GoogleGenAI({ apiKey: key, vertexai: false,
        httpOptions: { baseUrl: url, headers, fetch } });
}


const usage = (u) => [u.promptTokenCount,
    u.candidatesTokenCount + (u.thoughtsTokenCount ?? 0)];

// without what the SDK adds of the HTTP response
const plain = ({ sdkHttpResponse, ...rest }) => rest;


async function generate(...where) {
    const whole = await client(...where).models.generateContent(REQUEST);

    return { whole: plain(whole), text: whole.text,
        usage: usage(whole.usageMetadata) };
}


async function stream(...where) {
    const chunks = await client(...where).models
        .generateContentStream(REQUEST);
    const whole = await collect(chunks);

    return { whole: whole.map(plain),
        text: whole.map((c) => c.text ?? '').join(''),
        usage: usage(whole.at(-1).usageMetadata) };
}


function describe(error) {
    const body = JSON.parse(error.message).error;
    const info = body.details
        .find((d) => d['@type'].endsWith('google.rpc.RetryInfo'));

    return { right: error instanceof ApiError, kind: body.status,
        type: body.code, message: body.message, delay: info.retryDelay };
}


// This client does not wait by itself; the program finds the delay in the
// error.

async function patient(...where) {
    try {
        return await generate(...where);

    } catch (error) {
        await setTimeout(1000 * parseInt(describe(error).delay));
        return generate(...where);
    }
}


await compare('genai', 'generate', 'reasoning=15; cached=4', generate);
await compare('genai', 'stream', 'reasoning=15; delay=3', stream);

await refuse('genai', 'generate', generate, describe);
await refuse('genai', 'stream', stream, describe);
await retry('genai', patient, (headers) => 1000 * headers['retry-after']);

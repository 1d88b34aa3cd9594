// What the scripts of the SDKs share.  Each is run as
//
//     node NAME.mjs DIRECT GUARDED LIMITED
//
// with the URLs of the upstream itself and of nginx before it, without and
// with a limit, and prints a line of JSON for each thing it has done.

const [direct, guarded, limited] = process.argv.slice(2);

const PATIENCE = 50;    // requests within which a limit must be reached

// A wait of so many milliseconds is longer than SDKs wait if they are not told.
const LONG = 600;

let keys = 0;


// every case has a key of its own

export const newKey = (sdk) => `sk-test-${sdk}-${++keys}`;


export function report(line) {
    console.log(JSON.stringify(line));
}


// A fetch that notes what became of each attempt.

export function recorder() {
    const attempts = [];

    const recording = async (url, init) => {
        const began = performance.now();
        const response = await fetch(url, init);
        const ended = performance.now();
        const { status } = response;

        attempts.push({ began, ended, status,
            headers: Object.fromEntries(response.headers) });

        return response;
    };

    return { attempts, fetch: recording };
}


export async function collect(stream) {
    const all = [];

    for await (const item of stream) {
        all.push(item);
    }

    return all;
}


// call(url, key, headers, options) makes one request with the SDK and gives
// {whole, text, usage: [input, output]}.  It is called with the upstream alone
// and through nginx; the seed makes its answers the same.

export async function compare(sdk, name, steer, call) {
    const key = newKey(sdk);
    const headers = { 'X-Case': `${sdk} ${name}`,
        'X-Upstream': `seed=${sdk}${name.replaceAll(' ', '')}; ${steer}` };

    report({ test: 'compare', name: `${sdk} ${name}`, key,
        direct: await call(direct, 'sk-test-direct', headers, {}),
        guarded: await call(guarded, key, headers, {}) });
}


// as most SDKs read it

export const retryAfter = (headers) =>
    Number(headers['retry-after-ms'] ?? 1000 * headers['retry-after']);


// The same again and again until the SDK throws.

export async function refuse(sdk, name, call, describe) {
    const key = newKey(sdk);
    const { attempts, fetch } = recorder();

    for (let i = 0; i < PATIENCE; i++) {
        try {
            await call(limited, key, {}, { fetch, retries: 0 });

        } catch (error) {
            report({ test: 'refuse', name: `${sdk} ${name}`, key, attempts,
                error: { ...describe(error), status: error.status } });
            return;
        }
    }

    report({ test: 'refuse', name: `${sdk} ${name}`, key, attempts });
}


// Who may try once more never notices the limit, but for the wait; until that
// was a long one. told(headers) gives the milliseconds to wait.

export async function retry(sdk, call, told) {
    const key = newKey(sdk);
    const { attempts, fetch } = recorder();
    let answer, error;

    try {
        for (let i = 0; i < PATIENCE; i++) {
            answer = await call(limited, key, {}, { fetch, retries: 1 });
            if (attempts.some(({ headers }) => told(headers) > LONG)) {
                break;
            }
        }

    } catch (e) {
        error = String(e);
    }

    for (const attempt of attempts) {
        attempt.told = told(attempt.headers);
    }

    report({ test: 'retry', name: sdk, key, attempts, answer, error });
}

// The page in Chromium, for t/page.t:
//
//     node page.mjs CHROMIUM DIRECTORY EMPTY QUIET ATTACK
//
// with the URLs of three systems. Prints a line of JSON for each test: what it
// is, what was got and what is wanted. Makes DIRECTORY/away when Redis is to
// go.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const [binary, dir, empty, quiet, attack] = process.argv.slice(2);
const AXE = readFileSync(createRequire(import.meta.url)
  .resolve('axe-core/axe.min.js'), 'utf8');

const WIDTHS = { phone: 390, desk: 1280 };
const SCHEMES = ['light', 'dark'];
const PATIENCE = 20000;
const EVIL = '<script>window.hit = 1</script><img src=x onerror="hit = 1">';

// what is asked of the page alone may not go elsewhere, nor fail

const asked = [], elsewhere = [], errors = [];
let offline = false;


function test(name, got, want) {
  console.log(JSON.stringify({ test: name, got, want }));
}

// true where it has become so

async function becomes(page, name, what, arg) {
  let got = true;

  try {
    await page.waitForFunction(what, arg, { timeout: PATIENCE });
  } catch {
    got = false;
  }

  test(name, got, true);
}


const browser = await chromium.launchPersistentContext(`${dir}/chromium`, {
  executablePath: binary,
  headless: true,
  viewport: { width: WIDTHS.desk, height: 900 },
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic',
    '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync']
});

browser.setDefaultTimeout(PATIENCE);


async function open(url) {
  const page = await browser.newPage();
  const { origin } = new URL(url);

  page.on('request', (request) => {
    asked.push(request.url());

    if (new URL(request.url()).origin !== origin
        && !request.url().startsWith('data:'))
    {
      elsewhere.push(request.url());
    }
  });

  page.on('console', (message) => {
    if (message.type() === 'error' && !offline) {
      errors.push(message.text());
    }
  });

  page.on('pageerror', (error) => errors.push(error.message));

  const answer = await page.goto(url);

  page.headers = answer.headers();
  await page.waitForFunction(() => document.querySelector('#ladder tbody')
    && document.querySelector('#health li'));

  return page;
}

const text = (page, selector) => page.locator(selector).first().innerText();


// ---- how it looks ---------------------------------------------------------

async function rules(page, state) {
  await page.evaluate((source) => { (0, eval)(source); }, AXE);

  for (const [name, width] of Object.entries(WIDTHS)) {
    for (const scheme of SCHEMES) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme: scheme });

      const { violations, passes } = await page.evaluate(() => axe.run());
      const where = `${state}, ${name}, ${scheme}`;

      test(`${where}: accessible`, violations.map((v) =>
        [v.id, v.nodes.map((n) => n.html.slice(0, 120))]), []);
      test(`${where}: colors were looked at`, passes.some((p) =>
        p.id === 'color-contrast'), true);
      test(`${where}: nothing stands out at the side`, await page.evaluate(
        () => document.documentElement.scrollWidth
          <= document.documentElement.clientWidth), true);
    }
  }

  await page.setViewportSize({ width: WIDTHS.desk, height: 900 });
}


// ---- an empty system ------------------------------------------------------

let page = await open(`${empty}/seen`);

test('empty: said so', await text(page, '#headline'),
  'Nothing has been counted yet');
test('empty: what to do', (await text(page, '#next'))
  .includes('distill_guard observe;'), true);
test('empty: no chart has anything', await page.locator('#charts rect')
  .count(), 0);
test('a strict policy', /default-src 'none'.*script-src 'nonce-[0-9a-f]{32}'/
  .test(page.headers['content-security-policy']), true);
test('nothing unsafe in it', page.headers['content-security-policy']
  .includes('unsafe'), false);
test('without control there is no form', await page.locator('#decideform')
  .isVisible(), false);

await rules(page, 'empty');
await page.close();


// ---- a quiet one, which it follows ----------------------------------------

page = await open(`${quiet}/held`);

test('quiet: said so', await text(page, '#headline'), 'All quiet');
test('quiet: Redis is up', (await text(page, '#health'))
  .includes('Redis is up'), true);

const hour = 'figure:first-child svg';
const before = await page.locator(`#charts ${hour}`)
  .getAttribute('aria-label');

test('quiet: the past hour is there at once', /: \d\d requests in the past/
  .test(before), true);

await rules(page, 'quiet');
await page.evaluate(() => { window.same = true; });

const sent = [];

for (let i = 0; i < 5; i++) {
  const answer = await fetch(`${quiet}/v1/chat/completions`, {
    method: 'POST',
    headers: { Authorization: 'Bearer sk-live', 'X-Client': '192.0.2.7',
      'Content-Type': 'application/json' },
    body: JSON.stringify({ model: EVIL, messages: [{ role: 'user',
      content: EVIL }] })
  });

  sent.push(answer.status);
  await answer.text();
}

test('requests pass', sent, [200, 200, 200, 200, 200]);
await becomes(page, 'it follows: a chart', ([selector, was]) =>
  document.querySelector(selector).getAttribute('aria-label') !== was,
[`#charts ${hour}`, before]);
await becomes(page, 'a number', () => /^25\b/.test([...document
  .querySelectorAll('#tiles div')].find((d) => d.textContent
  .startsWith('Keys')).querySelector('dd').firstChild.data));

await page.selectOption('#measure', 'requests');
await page.selectOption('#kind', 'origin');
await becomes(page, 'another measure of another kind', () =>
  document.querySelector('#top').textContent.includes('192.0.2.0/24'));
await becomes(page, 'of the last day', () => document
  .querySelector('#topsaid').textContent.includes('requests, last day'));

test('all without loading it again', await page.evaluate(() => window.same),
  true);

// what operators write is text

await page.fill('#decidesubject', 'origin:192.0.2.0/24');
await page.fill('#reason', EVIL.slice(0, 128));
await page.click('#decideform button[type=submit]');
await becomes(page, 'a decision with a hostile reason', (evil) =>
  document.querySelector('#decisions').textContent.includes(evil), EVIL);
await page.click('#decisions button.id');
await becomes(page, 'in why as well', (evil) =>
  document.querySelector('#why').textContent.includes(evil), EVIL);
test('is nothing but text', await page.evaluate(() => [window.hit,
  document.querySelectorAll('main script, main img').length]), [null, 0]);

// two zones

test('zones to choose from', await page.locator('#zone option')
  .allInnerTexts(), ['guard', '<b>two</b>']);
await page.selectOption('#zone', '<b>two</b>');
await becomes(page, 'the other one', () => document.querySelector('#headline')
  .textContent === 'Nothing has been counted yet');
await page.selectOption('#zone', 'guard');
await becomes(page, 'and back', () => document.querySelector('#headline')
  .textContent !== 'Nothing has been counted yet');


// ---- nobody looks ---------------------------------------------------------

const hide = (hidden) => page.evaluate((value) => {
  Object.defineProperty(document, 'hidden', { configurable: true,
    get: () => value });
  document.dispatchEvent(new Event('visibilitychange'));
}, hidden);

await hide(true);
await becomes(page, 'not looked at: it pauses', () => document
  .querySelector('#live').textContent === 'Paused');
await page.waitForLoadState('networkidle');

const quietly = asked.length;

await page.waitForTimeout(2500);
test('not looked at: it asks for nothing', asked.length, quietly);
await hide(false);
await becomes(page, 'looked at: it goes on', () => document
  .querySelector('#live').textContent === 'Live');
test('looked at: it asks at once', asked.length > quietly, true);


// ---- a node that does not answer ------------------------------------------

offline = true;
await browser.setOffline(true);
await becomes(page, 'it says that it is stale', () => document
  .querySelector('#live').textContent.startsWith('Stale: no answer for'));
await browser.setOffline(false);
await becomes(page, 'and when it is not', () => document
  .querySelector('#live').textContent === 'Live');
offline = false;
await page.close();


// ---- a harvest ------------------------------------------------------------

page = await open(`${attack}/held`);
await page.waitForSelector('.campaign');

test('attack: said so', /^\d+ accounts act as one$/.test(await text(page,
  '#headline')), true);
test('attack: what to do', (await text(page, '#next')).includes('block'),
  true);
test('attack: the evidence', /accounts used the same template/.test(await
  text(page, '.campaign ul')), true);
test('attack: the picture has accounts', await page.locator('.picture .dot')
  .count(), 24);
test('attack: and lines', await page.locator('.picture .spoke').count() > 20,
  true);
test('attack: told to those who do not see it', /accounts around one campaign/
  .test(await page.locator('.picture').getAttribute('aria-label')), true);
test('attack: the ladder', await page.evaluate(() => [...document
  .querySelectorAll('#ladder tbody tr')].map((row) => row
  .querySelector('.rung').textContent)),
['PASS', 'TAG', 'PACE', 'THROTTLE', 'BLOCK']);
test('attack: many stand on THROTTLE', Number(await text(page,
  '#ladder tr:nth-child(4) td:nth-child(2)')) > 50, true);

await page.locator('.campaign details summary').click();
test('attack: a table says the same', await page.locator('.campaign tbody tr')
  .count(), 24);

// why, of somebody in the list

await page.locator('#top button.id').first().click();
await becomes(page, 'why: in words', () => /stands on THROTTLE with a score of/
  .test(document.querySelector('#why').textContent));
test('why: each signal', await page.evaluate(() => document
  .querySelectorAll('#why table')[0].tBodies[0].rows.length
  + document.querySelectorAll('#why table')[1].tBodies[0].rows.length), 17);
test('why: what opens stays open', await page.locator('.campaign details')
  .evaluate((d) => d.open), true);

await page.screenshot({ path: `${dir}/attack.png`, fullPage: true });
await rules(page, 'attack');

await page.fill('#whysubject', 'sk-a-raw-key');
await page.keyboard.press('Enter');
await becomes(page, 'why: what is no subject', () => document
  .querySelector('#why').textContent.includes('is no subject'));
test('why: a raw key is told to nobody', asked.filter((url) =>
  url.includes('raw-key')), []);


// ---- by keyboard ----------------------------------------------------------

await page.reload();
await page.waitForSelector('.campaign');
await page.waitForFunction(() => document.querySelector('#top button.id'));

const reached = new Set(), bare = [];

for (let i = 0; i < 60; i++) {
  await page.keyboard.press('Tab');

  const at = await page.evaluate(() => {
    const el = document.activeElement, style = getComputedStyle(el);

    return [el.id || el.textContent.trim().slice(0, 20),
      el === document.body || style.outlineStyle !== 'none'];
  });

  reached.add(at[0]);

  if (!at[1]) {
    bare.push(at[0]);
  }
}

test('keyboard: everything is reached', ['To the content', 'The same as a '
  + 'table', 'Why?', 'Block …', 'measure', 'kind', 'more', 'whysubject',
'decision', 'decidesubject', 'for', 'reason'].filter((name) =>
  !reached.has(name)), []);
test('keyboard: and it is seen where it is', bare, []);


// ---- deciding -------------------------------------------------------------

await page.locator('.campaign .acts button', { hasText: 'Block' }).focus();
await page.keyboard.press('Enter');
test('the form is filled', /^campaign:[0-9a-f]{32}$/.test(await page
  .inputValue('#decidesubject')), true);
test('it says what it means', (await text(page, '#consequence'))
  .includes('403'), true);
test('nothing is done yet', await page.locator('#decisions tr').count(), 0);

await page.fill('#reason', 'harvests for a rival');
await page.keyboard.press('Enter');
await becomes(page, 'blocked', () => /^Done: block campaign:/.test(document
  .querySelector('#decided').textContent));
await becomes(page, 'listed', () => document.querySelector('#decisions')
  .textContent.includes('harvests for a rival'));
await becomes(page, 'the headline follows', () => document
  .querySelector('#headline').textContent.endsWith(', and are blocked'));

await page.locator('#decisions button', { hasText: 'Release' }).click();
test('a release has no time', await page.locator('#for').isDisabled(), true);
await page.click('#decideform button[type=submit]');
await becomes(page, 'released', () => /^Done: release campaign:/
  .test(document.querySelector('#decided').textContent));
await becomes(page, 'no longer listed', () => !document
  .querySelector('#decisions tr'));

await page.fill('#decidesubject', 'key:nobody');
await page.click('#decideform button[type=submit]');
await becomes(page, 'what cannot be is said', () => document
  .querySelector('#decided').textContent.startsWith('Not done: "subject" is'));
errors.splice(0, errors.length, ...errors.filter((e) => !/400/.test(e)));

// Redis goes

writeFileSync(`${dir}/away`, '');
await becomes(page, 'without Redis: it is said', () => /Redis is away/
  .test(document.querySelector('#health .bad')?.textContent));
test('without Redis: it goes on', await text(page, '#live'), 'Live');

test('no request went elsewhere', elsewhere, []);
test('no error on the console', errors, []);

await browser.close();

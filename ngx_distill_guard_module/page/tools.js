'use strict';

/*
 * Distill Guard's page. What it shows comes from the location it was loaded
 * from, and is put into the document as text, never as markup.
 */

const $ = (id) => document.getElementById(id);
const TOKEN = document.querySelector('meta[name="csrf-token"]').content;
const VERDICTS = ['PASS', 'TAG', 'PACE', 'THROTTLE', 'BLOCK'];
const SVG = 'http://www.w3.org/2000/svg';

/* what was heard last, of each view; null: nothing yet */
const seen = {
  status: null, history: null, campaigns: null, top: null, ladder: null,
  decisions: null, explain: null
};

const chosen = { zone: '', measure: 'score', kind: 'account', why: '' };


/* --- elements --- */

function fill(el, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith('on')) {
      el.addEventListener(name.slice(2), value);
    } else if (value !== null && value !== undefined && value !== false) {
      el.setAttribute(name, value === true ? '' : value);
    }
  }

  el.append(...children.flat().filter((c) => c !== null && c !== ''));
  return el;
}

const h = (tag, props, ...children) =>
  fill(document.createElement(tag), props || {}, children);

const s = (tag, props, ...children) =>
  fill(document.createElementNS(SVG, tag), props || {}, children);


/*
 * Shows something else in a place, if it is something else: what is selected,
 * focused or opened there stays so.
 */

const shown = new Map();

function show(id, value, draw) {
  const place = $(id), text = JSON.stringify(value);

  if (shown.get(id) === text) {
    return;
  }

  const at = place.contains(document.activeElement)
    ? document.activeElement.getAttribute('data-at') : null;
  const open = [...place.querySelectorAll('details[open]')]
    .map((d) => d.getAttribute('data-at'));

  shown.set(id, text);
  place.replaceChildren(...[draw(value)].flat().filter((c) => c !== null));

  for (const d of place.querySelectorAll('details')) {
    d.open = open.includes(d.getAttribute('data-at'));
  }

  if (at !== null) {
    const again = [...place.querySelectorAll('[data-at]')]
      .find((el) => el.getAttribute('data-at') === at);

    if (again) {
      again.focus({ preventScroll: true });
    }
  }
}

function say(id, text) {
  if ($(id).textContent !== text) {
    $(id).textContent = text;
  }
}


/* cells are text, elements, or {n: number} */

function table(caption, head, rows) {
  const numeric = (cell) => typeof cell === 'object' && cell !== null
    && 'n' in cell;

  return [
    h('caption', {}, caption),
    h('thead', {}, h('tr', {}, head.map((name, i) => h('th', { scope: 'col',
      class: rows.some((row) => numeric(row[i])) ? 'n' : null }, name)))),
    h('tbody', {}, rows.map((row) => h('tr', {}, row.map((cell) =>
      numeric(cell) ? h('td', { class: 'n' }, count(cell.n))
        : h('td', { class: typeof cell === 'string' && cell.length > 40
          ? 'words' : null }, cell)))))
  ];
}


/* --- words --- */

function count(n) {
  const steps = [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e4, 'k']];

  for (const [size, letter] of steps) {
    if (n >= size) {
      const unit = letter === 'k' ? 1e3 : size;
      const value = n / unit;

      return (value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1)
        : Math.round(value)) + ' ' + letter;
    }
  }

  return Number.isInteger(n) ? n.toLocaleString('en')
    : String(Math.round(n * 1000) / 1000);
}

const many = (n, one, more) => count(n) + ' ' + (n === 1 ? one
  : more || one + 's');

const sum = (list) => list.reduce((a, b) => a + b, 0);


function span(seconds) {
  const n = Math.max(0, seconds);

  return n < 1 ? 'less than a second' : n < 100 ? many(Math.round(n), 'second')
    : n < 6000 ? many(Math.round(n / 60), 'minute')
    : n < 172800 ? many(Math.round(n / 3600), 'hour')
    : many(Math.round(n / 86400), 'day');
}

const ago = (time) => time
  ? span((seen.status ? seen.status.time : Date.now() / 1000) - time) + ' ago'
  : 'never';

function clock(time) {
  const text = new Date(time * 1000).toISOString();

  return text.slice(0, 10) + ' ' + text.slice(11, 16) + ' UTC';
}


const brief = (subject) => {
  const [kind, id] = [subject.slice(0, subject.indexOf(':')),
    subject.slice(subject.indexOf(':') + 1)];

  return kind + ':' + (/^[0-9a-f]{32}$/.test(id) ? id.slice(0, 10) + '…' : id);
};

/* a subject that can be asked about; of the same, each place has its own */

const subject = (name, place) => h('button', { type: 'button', class: 'id',
  title: name, 'data-at': (place || '') + name, onclick: () => explain(name) },
  brief(name));

const rung = (verdict) => h('span', { class: 'rung ' + verdict }, verdict);


/* --- the other side --- */

class Refused extends Error {}

async function ask(query) {
  const zone = chosen.zone ? '&zone=' + encodeURIComponent(chosen.zone) : '';
  const answer = await fetch(location.pathname + '?' + query + zone,
    { headers: { Accept: 'application/json' }, cache: 'no-store',
      signal: AbortSignal.timeout(10000) });

  if (!answer.ok) {
    throw new Refused('HTTP ' + answer.status);
  }

  const value = await answer.json();

  /* by the node's clock, whatever ours says */

  return { time: Date.parse(answer.headers.get('Date')) / 1000, ...value };
}


/* --- the page: it asks again and again, but not while nobody looks --- */

const EVERY = 2000;
const LATE = 5000;

let heard = 0;      /* when, in ms */
let polling = false;
let pressed = false;    /* somebody waits for what comes next */
let timer = null;

const here = () => seen.status && seen.status.zones[chosen.zone];

/* of what is asked for: how often, and when it was last */

const VIEWS = {
  history: { every: 30000, query: () => 'history' },
  campaigns: { every: 2000, query: () => 'campaigns' },
  top: { every: 2000,
    query: () => `top=${chosen.measure}&kind=${chosen.kind}` },
  ladder: { every: 6000, query: () => 'top=score&kind=account' },
  decisions: { every: 2000, query: () => 'decisions' }
};


async function look(name) {
  const view = VIEWS[name], query = view.query();

  if (performance.now() < (view.next || 0)) {
    return;
  }

  const began = performance.now();

  try {
    const answer = await ask(query);

    if (query === view.query()) {
      seen[name] = answer;
    }

  } catch (error) {
    if (!(error instanceof Refused)) {
      throw error;
    }
  }

  /* what takes a node long is asked for less often */

  const took = performance.now() - began;

  view.next = began + Math.max(view.every - 100, 10 * took);
}


async function poll() {
  if (polling || document.hidden) {
    pressed = polling;
    return;
  }

  polling = true;
  clearTimeout(timer);

  try {
    seen.status = await ask('format=json');
    zones();

    if (here()) {
      await Promise.all(Object.keys(VIEWS).map(look));
    }

    heard = performance.now();
    draw();

    if (chosen.why) {
      await askWhy();
    }

  } catch (error) {
    if (!(error instanceof Refused || error instanceof TypeError
          || error instanceof DOMException)) {
      throw error;
    }

  } finally {
    polling = false;
    timer = setTimeout(poll, pressed ? 0 : EVERY);
    pressed = false;
    alive();
  }
}


function zones() {
  const names = Object.keys(seen.status.zones);

  if (!names.includes(chosen.zone)) {
    chosen.zone = names[0] || '';
  }

  show('zone', names, () => names.map((name) => h('option', { value: name },
    name)));
  $('zone').value = chosen.zone;
  $('zones').hidden = names.length < 2;
  say('where', here() ? `${location.host}, node `
    + `${here().node.slice(0, 16)}` : location.host);
}


function draw() {
  const whole = here() && seen.history && seen.history.samples.length;

  if (here() && !whole) {
    return;
  }

  drawState();
  note();
  drawNow();

  if (!here()) {
    return;
  }

  drawTraffic();
  drawLadder();

  if (seen.campaigns) {
    drawCampaigns();
  }

  if (seen.top) {
    drawTop();
  }

  if (seen.decisions) {
    drawDecisions();
  }
}


/* is what is shown of now? */

function alive() {
  const age = performance.now() - heard, late = !heard || age > LATE;
  const live = $('live');

  live.className = document.hidden ? 'live off' : late ? 'live late' : 'live';
  say('live', document.hidden ? 'Paused' : !late ? 'Live'
    : !heard ? 'No answer so far' : `Stale: no answer for ${span(age / 1000)}`
      + '. Does nginx run, and may you see this page?');
}


function anew() {
  for (const view of Object.values(VIEWS)) {
    view.next = 0;
  }

  poll();
}


function choose(id, options, name) {
  $(id).append(...Object.entries(options).map(([value, text]) =>
    h('option', { value }, text)));
  $(id).value = chosen[name];
  $(id).addEventListener('change', () => {
    chosen[name] = $(id).value;
    VIEWS.top.next = 0;
    poll();
  });
}


function fromAddress() {
  const why = new URLSearchParams(location.hash.slice(1)).get('why');

  if (why) {
    explain(why);
  }
}


choose('measure', MEASURES, 'measure');
choose('kind', KINDS, 'kind');

$('zone').addEventListener('change', () => {
  chosen.zone = $('zone').value;
  before = null;
  Object.keys(VIEWS).forEach((name) => { seen[name] = null; });
  anew();
});

$('more').addEventListener('click', () => {
  whole = !whole;
  drawTop();
});

$('whyform').addEventListener('submit', (event) => {
  event.preventDefault();
  explain($('whysubject').value);
});

document.addEventListener('visibilitychange', () => {
  alive();
  anew();
});

window.addEventListener('hashchange', fromAddress);
setInterval(alive, 1000);
openDecide();
poll().then(fromAddress);

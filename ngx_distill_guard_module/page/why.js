
/* --- why a subject is treated as it is --- */

/* a raw key does not go anywhere, not even to the node or into the address */

const NAMED =
  /^((key|account|client|campaign):[0-9a-f]{32}|asn:\d+|origin:\S+)$/;

function explain(name) {
  chosen.why = name.trim();
  $('whysubject').value = chosen.why;
  history.replaceState(null, '', NAMED.test(chosen.why)
    ? '#why=' + encodeURIComponent(chosen.why) : '#');
  seen.explain = null;
  show('why', 'wait', () => h('p', {}, 'Looking …'));
  $('whysection').scrollIntoView({ block: 'start' });
  $('h-why').focus({ preventScroll: true });
  askWhy();
}

async function askWhy() {
  const name = chosen.why;

  if (!name) {
    return;
  }

  if (!NAMED.test(name)) {
    noSubject(name);
    return;
  }

  try {
    const answer = await ask('explain=' + encodeURIComponent(name));

    if (name === chosen.why) {
      seen.explain = answer;
      drawWhy();
    }

  } catch (error) {
    if (name !== chosen.why || !(error instanceof Refused)) {
      return;
    }

    if (error.message === 'HTTP 400') {
      noSubject(name);
      return;
    }

    show('why', error.message, () => h('p', {}, 'The node does not answer that '
      + `now (${error.message}); it is asked again.`));
  }
}

/* nor is it asked again */

function noSubject(name) {
  chosen.why = '';
  show('why', ['none', name], () => h('p', {}, `“${name}” is no subject. Write `
    + 'key:, account:, origin:, asn:, client: or campaign: and an id, as this '
    + 'page and the log do. A raw key has no place here: “distillctl id” '
    + 'tells its id.'));
}


function drawWhy() {
  const x = seen.explain;
  const { time, ...rest } = x;

  show('why', rest, () => [
    h('h3', {}, x.subject),
    h('p', {}, h('b', {}, reason(x))),
    x.decision ? h('p', {}, decidedOn(x.decision)) : null,
    h('div', { class: 'acts' }, acts(x.subject, x.decision)),
    h('dl', { class: 'facts' }, facts(x).filter(([, text]) => text !== null)
      .map(([name, text]) => [h('dt', {}, name), h('dd', {}, text)]).flat()),
    signals(x), totals(x), linked(x), roll(x)
  ].flat().filter(Boolean));
}


function reason(x) {
  if (!x.known) {
    return 'This node has never seen it.';
  }

  if (x.decision) {
    return `An operator has decided: ${x.decision.decision}. That goes before `
      + 'all scores and limits.';
  }

  const c = x.subject.startsWith('campaign:') ? x.campaign : x;

  if (!c || !c.standing) {
    return 'It has no score: limits and decisions alone concern it.';
  }

  const against = c.signals.filter((signal) => signal.points > 0)
    .sort((a, b) => b.points - a.points);

  return against.length
    ? `It stands on ${c.standing.verdict} with a score of ${c.score}, for `
      + against.slice(0, 3).map((signal) => `${signal.signal} `
        + `(${count(signal.value)} ${signal.unit}, ${signal.points} points)`)
        .join(', ') + '.'
    : `Nothing speaks against it: it stands on ${c.standing.verdict}.`;
}


function facts(x) {
  const c = x.subject.startsWith('campaign:') ? x.campaign : x;
  const yes = (value, text) => value === undefined || value === null ? null
    : text(value);

  return [
    ['Step', c && c.standing ? stands(c) : null],
    ['Segment', yes(x.segment, (v) => ({
      probation: 'probation: the upstream has not accepted it so far',
      proven: 'proven: the upstream has accepted it',
      convicted: 'convicted: something stands against it' })[v] || v)],
    ['First seen', yes(x.first_seen || (c && c.first_seen), clock)],
    ['Last seen', yes(x.last_seen || (c && c.last_seen), ago)],
    ['Networks', yes(x.networks, (v) => `${count(v)} in the last hour, `
      + `${count(x.hosting_networks)} of hosting companies`)],
    ['Came from', x.origins && x.origins.length ? x.origins.map((o) => [
      subject('origin:' + o, 'why'), ' ']).flat() : null],
    ['Accounts from there', yes(x.accounts, count)],
    ['Under way', x.in_flight && x.in_flight.exchanges
      ? many(x.in_flight.exchanges, 'exchange') : null],
    ['Campaign', x.campaign && !x.subject.startsWith('campaign:')
      ? [subject('campaign:' + x.campaign.campaign, 'why'), x.member
        ? ' – it belongs to it' : x.campaign.named
          ? ' – it has to do with it' : ' – a cohort that is no campaign']
      : null]
  ];
}


function signals(x) {
  const c = x.subject.startsWith('campaign:') ? x.campaign : x;

  if (!c || !c.signals) {
    return null;
  }

  const row = (signal) => [signal.signal, { n: signal.points },
    signal.value === null ? '–' : `${count(signal.value)} ${signal.unit}`,
    `${count(signal.soft)} to ${count(signal.hard)}`, signal.help];
  const head = ['Signal', 'Points', 'Value', 'Counts from, in full at',
    'What it is'];
  const give = c.signals.filter((signal) => signal.points > 0)
    .sort((a, b) => b.points - a.points);
  const rest = c.signals.filter((signal) => signal.points === 0);

  return [
    h('h4', {}, 'Signals'),
    c.families.length ? h('p', {}, c.families.filter((f) => f.points)
      .map((f) => `${f.family} ${f.points} of at most ${f.cap}`).join(', '))
      : null,
    give.length ? region('Signals that give points', table('Those that give '
      + 'points', head, give.map(row))) : null,
    rest.length ? h('details', { 'data-at': 'rest' },
      h('summary', {}, `${count(rest.length)} that give none`),
      region('Signals that give no points', table('Those that give none', head,
        rest.map(row)))) : null
  ];
}

const region = (label, rows) => h('div', { class: 'scroll', role: 'region',
  tabindex: '0', 'aria-label': label }, h('table', {}, rows));


function totals(x) {
  if (!x.totals) {
    return null;
  }

  const windows = { m: 'last minute', h: 'last hour', d: 'last day' };

  return [h('h4', {}, 'Counted'), region('What was counted', table(
    'By all nodes; by this one alone where that is less',
    ['In the', 'Requests', 'Input tokens', 'Output tokens', 'Refused'],
    Object.keys(windows).flatMap((w) => {
      const { all, own } = x.totals[w];
      const line = (name, t) => [name, { n: t.requests },
        { n: t.input_tokens }, { n: t.output_tokens }, { n: t.refused }];

      return own.requests === all.requests && own.refused === all.refused
        ? [line(windows[w], all)]
        : [line(windows[w], all), line('… by this node', own)];
    })))];
}


function linked(x) {
  if (!x.linked || !x.linked.length) {
    return null;
  }

  return [h('h4', {}, 'Linked accounts'), h('ul', {}, x.linked.map((link) =>
    h('li', {}, subject(link.subject, 'link'), ' '
      + link.ties.map((tie) => TIES[tie] || tie).join(', and ')))),
  x.unlisted ? h('p', {}, `${count(x.unlisted)} more.`) : null];
}


const roll = (x) => x.subject.startsWith('campaign:') && x.campaign
  ? [h('h4', {}, 'What its accounts have in common'),
    h('ul', {}, evidence(x.campaign).map((text) => h('li', {}, text))),
    h('details', { 'data-at': 'roll' }, h('summary', {}, 'Its accounts'),
      region('Accounts of the campaign', members(x.campaign, 'roll')))]
  : null;

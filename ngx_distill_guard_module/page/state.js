
/* --- how it stands, in words, and what to do next --- */

const code = (text) => h('code', {}, text);

const blocked = (c) => c.decision && c.decision.decision === 'block';

function told() {
  const zone = here();

  if (!zone) {
    return {
      mood: 'watch', headline: 'There is no zone, so nothing is counted',
      summary: 'The guard keeps what it knows in a zone of shared memory, and '
        + 'the configuration has none.',
      next: [['Add ', code('distill_guard_zone zone=guard:64m;'), ' to ',
        code('http'), ' and ', code('distill_guard observe;'), ' to the '
        + 'location of the API, then reload nginx.']]
    };
  }

  const all = requests(sample(seen.status, zone));
  const campaigns = seen.campaigns ? seen.campaigns.campaigns : [];
  const past = hour();
  const watches = seen.campaigns && !seen.campaigns.enforced;

  if (all === 0) {
    return empty();
  }

  if (campaigns.length) {
    return attacked(campaigns, past, watches);
  }

  return past.refused + past.spared > 0 ? limited(past) : quiet(past, zone);
}


const empty = () => ({
  mood: 'watch', headline: 'Nothing has been counted yet',
  summary: 'The guard runs, and no request to an inference API has passed it '
    + 'since counting began. That is as it should be on a new node without '
    + 'traffic; otherwise it does not stand where the traffic is.',
  next: [
    ['Put ', code('distill_guard observe;'), ' into the location that passes '
      + 'requests to the model, and reload nginx. It only watches.'],
    ['Send a request through it, as in ', code('POST /v1/chat/completions'),
      '. This page follows by itself.'],
    ['Still nothing? Look at the path: only the APIs in docs/directives.md '
      + 'are counted, and only POST.']
  ]
});


const quiet = (past, zone) => ({
  mood: 'quiet', headline: 'All quiet',
  summary: `${many(requests(past), 'request')} in the past hour, with `
    + `${many(past.output_tokens, 'output token')}. `
    + `${many(zone.subjects.key, 'key')} known, nobody refused, and no `
    + 'accounts that act as one.',
  next: [['Nothing to do. To see who takes most, look ',
    h('a', { href: '#h-top' }, 'below'), '.']]
});


const limited = (past) => ({
  mood: 'watch',
  headline: past.refused ? 'Some requests are refused'
    : 'Some requests would be refused',
  summary: `Of ${many(requests(past), 'request')} in the past hour `
    + (past.refused ? `${count(past.refused)} were refused` : '')
    + (past.refused && past.spared ? ' and ' : '')
    + (past.spared ? `${count(past.spared)} would have been, if the guard did `
      + 'not just observe' : '') + '. No accounts are found to act as one.',
  next: [
    ['See who it is: ', h('a', { href: '#h-top' }, 'who takes most'),
      ', by “refused”, and ask why.'],
    ['Is it somebody you know? Allow the key, or raise the limit. Is it not? '
      + 'Then the guard does its work.']
  ]
});


function attacked(campaigns, past, watches) {
  const open = campaigns.filter((c) => !blocked(c));
  const day = (name) => sum(campaigns.map((c) => c.day[name]));
  const accounts = sum(campaigns.map((c) => c.accounts));
  const answer = past.refused && !watches
    ? `In the past hour ${many(past.refused, 'request was', 'requests were')} `
      + 'refused.'
    : watches
      ? `The guard only observes: ${many(past.spared, 'request')} of the past `
        + 'hour would have been refused.'
      : 'Nothing was refused in the past hour.';

  return {
    mood: open.length ? 'attack' : 'watch',
    headline: (campaigns.length === 1
      ? `${many(accounts, 'account')} act as one`
      : `${many(campaigns.length, 'campaign')}, ${many(accounts, 'account')}`)
      + (open.length ? '' : ', and are blocked'),
    summary: 'Accounts that look unlike each other do one job together. In '
      + `the last day they had ${many(day('output_tokens'), 'output token')} `
      + `in ${many(day('requests'), 'request')}; `
      + `${many(day('refused'), 'request')} of theirs were refused. ${answer}`,
    next: open.length ? [
      ['Look at ', h('a', { href: '#h-campaigns' }, 'the campaigns'), ': what '
        + 'do their accounts have in common, and is it a team that you know? '
        + 'Then exempt its accounts.'],
      ['Otherwise block: ', TOKEN ? 'with the button there.'
        : code('distillctl block campaign:' + open[0].campaign),
        ' It is in force on all nodes within a second.'],
      watches ? ['If its verdicts are right, let the guard act: ',
        code('distill_guard enforce;')] : null
    ].filter(Boolean) : [['Watch for accounts that take their place, and '
      + 'write to those whose keys these are.']]
  };
}


function drawState() {
  const { mood, headline, summary, next } = told();

  say('headline', headline);
  say('summary', summary);
  $('state').className = mood;

  show('next', next.map((step) => step.map((part) => part.outerHTML || part)),
    () => [h('h3', {}, 'What to do next'),
      next.length === 1 ? h('p', {}, ...next[0])
        : h('ol', {}, next.map((step) => h('li', {}, ...step)))]);
}


/* --- numbers of now --- */

let rates = { requests: null, tokens: null, refused: null };
let before = null;

function note() {
  const zone = here();

  if (!zone) {
    return;
  }

  const now = sample(seen.status, zone);
  const after = before && now.time - before.time;

  if (before && after >= 1 && requests(now) >= requests(before)) {
    rates = {
      requests: (requests(now) - requests(before)) / after,
      tokens: (now.output_tokens - before.output_tokens) / after,
      refused: (now.refused - before.refused) / after
    };
  }

  if (!before || after >= 1) {
    before = now;
  }
}


function drawNow() {
  const zone = here();

  if (!zone) {
    $('tiles').replaceChildren();
    $('health').replaceChildren();
    return;
  }

  const all = sample(seen.status, zone), rate = (n) => n === null ? '…'
    : n >= 10 || n === 0 ? count(Math.round(n)) : n.toFixed(1);
  const accounts = seen.campaigns ? sum(seen.campaigns.campaigns
    .map((c) => c.accounts)) : 0;

  const tiles = [
    ['Requests a second', rate(rates.requests),
      count(requests(all)) + ' in all'],
    ['Output tokens a second', rate(rates.tokens),
      count(all.output_tokens) + ' in all'],
    ['Refused a second', rate(rates.refused), count(all.refused) + ' in all'],
    ['Keys known', count(zone.subjects.key),
      many(zone.subjects.origin, 'network')],
    ['Campaigns', count(seen.campaigns ? seen.campaigns.of : 0),
      many(accounts, 'account')],
    ['Memory in use', Math.round(zone.memory.used_bytes
      / zone.memory.size_bytes * 100) + ' %',
      count(zone.memory.size_bytes / 1048576 | 0) + ' MB']
  ];

  show('tiles', tiles, () => tiles.map(([name, value, more]) =>
    h('div', {}, h('dt', {}, name),
      h('dd', {}, value, h('small', {}, more)))));

  const lines = health(zone);

  show('health', lines, () => lines.map(([how, text]) =>
    h('li', { class: how }, text)));
}


function health(zone) {
  const lines = [talk(zone.sync)], lost = zone.evictions.proven;

  if (zone.sync.state === 'up' && Math.abs(zone.sync.skew_seconds) > 5) {
    lines.push(['warn', 'The clock of Redis differs from this one by '
      + span(Math.abs(zone.sync.skew_seconds)) + ': minutes, hours and days '
      + 'begin at another time on other nodes. Set the clocks, as with NTP.']);
  }

  lines.push(lost ? ['warn', `The zone is too small: ${many(lost,
    'subject')} that the upstream knows had to be forgotten. Give `
    + 'distill_guard_zone more memory.']
    : ['good', 'Nobody had to be forgotten for want of memory.']);

  if (zone.repairs) {
    lines.push(['warn', `The zone was found damaged ${many(zone.repairs,
      'time')} and cleared, as after a worker was killed. See error.log.`]);
  }

  if (zone.decision_failures) {
    lines.push(['bad', 'There was no room for some decisions: release some, '
      + 'or give distill_guard_zone more memory.']);
  }

  return lines;
}


function talk(sync) {
  const since = sync.age_seconds === null ? 'never'
    : span(sync.age_seconds) + ' ago';

  switch (sync.state) {

  case 'off':
    return ['good', 'This node works alone, without Redis. Where there are '
      + 'several, distill_guard_redis makes limits, campaigns and decisions '
      + 'common to all.'];

  case 'up':
    return ['good', `Redis is up: ${sync.age_seconds > 5 ? 'the last complete '
      + 'round was ' + since : 'counts are common to all nodes'}.`];

  case 'connecting':
    return ['warn', `Redis: connecting; last complete round ${since}.`];

  default:
    return ['bad', `Redis is away; last complete round ${since}. Requests `
      + 'pass as ever, and each node counts by itself: a limit then holds on '
      + 'each node, decisions do not travel. What is missing is told later. '
      + 'See error.log for the reason, and whether Redis runs.'];
  }
}

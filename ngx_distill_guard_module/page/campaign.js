
/* --- campaigns --- */

const TIES = {
  provenance: 'brought an id that was issued to the other',
  failover: 'asked what the other had just been refused'
};

/* what is known of it, in sentences that can be repeated */

function evidence(c) {
  const e = c.evidence, said = [];

  if (e.templates) {
    said.push(`About ${many(e.widest, 'account')} used the same template; `
      + `${many(e.templates, 'template')} are shared.`);
  }

  if (e.provenance) {
    said.push(`${many(e.provenance, 'time')} an account brought an id that `
      + 'this gateway had issued to another.');
  }

  if (e.failover) {
    said.push(`${many(e.failover, 'time')} an account asked, within a minute, `
      + 'what another had been refused.');
  }

  if (e.balance !== null && e.balance < 0.8) {
    said.push('The accounts are used in turn: their shares differ '
      + `${count(e.balance)} times as much as they would by chance.`);
  }

  if (e.synchrony > 0.5) {
    said.push(`They are awake at the same hours, by ${Math.round(e.synchrony
      * 100)} %.`);
  }

  if (e.crowd > 1) {
    said.push(`About ${many(e.crowd, 'account')} come from one network of a `
      + 'hosting company.');
  }

  if (c.relayed) {
    said.push(`${many(c.relayed, 'account')} send headers that contradict `
      + 'each other.');
  }

  return said;
}


const points = (c) => 'Points: ' + c.signals.filter((x) => x.points > 0)
  .sort((a, b) => b.points - a.points)
  .map((x) => `${x.signal} ${x.points}`).join(', ') + '.';


const stands = (x) => [rung(x.standing.verdict), ` score ${x.score}`,
  x.standing.limit ? `, limited to ${x.standing.limit}` : '',
  x.standing.pace ? `, ${x.standing.pace} tokens a second` : '',
  x.standing.until ? `, until ${clock(x.standing.until)}` : ''];


function drawCampaigns() {
  const { campaigns, of } = seen.campaigns;

  show('campaigns', [campaigns, TOKEN], () => campaigns.length
    ? [...campaigns.map(campaign), of > campaigns.length
      ? h('p', {}, `${count(of - campaigns.length)} more are not listed.`)
      : null]
    : h('p', {}, 'None. When accounts share templates, ids or refused '
      + 'contents as no strangers do, they are shown here as one.'));
}


function campaign(c) {
  const name = 'campaign:' + c.campaign;

  return h('article', { class: 'campaign' },
    picture(c),
    h('div', {},
      h('h3', {}, subject(name, 'c'), ` · ${many(c.accounts, 'account')}`),
      h('p', {}, stands(c)),
      h('p', {}, `Since ${clock(c.named || c.first_seen)}. In the last day it `
        + `had ${many(c.day.output_tokens, 'output token')} in `
        + `${many(c.day.requests, 'request')}; ${count(c.day.refused)} were `
        + `refused. Last seen ${ago(c.last_seen)}.`),
      h('ul', {}, evidence(c).map((text) => h('li', {}, text))),
      h('p', { class: 'hint' }, points(c)),
      c.decision ? h('p', {}, h('b', {}, decidedOn(c.decision))) : null,
      h('div', { class: 'acts' },
        h('button', { type: 'button', 'data-at': 'why' + name,
          onclick: () => explain(name) }, 'Why?'),
        acts(name, c.decision)),
      h('details', { 'data-at': 'members' + name },
        h('summary', {}, 'Its accounts as a table'),
        h('div', { class: 'scroll', role: 'region', tabindex: '0',
          'aria-label': 'Accounts of ' + brief(name) },
        h('table', {}, members(c, name))))));
}


const members = (c, name) => table(c.more ? `Those with the most output `
  + `tokens; ${count(c.more)} more are not listed` : 'All of them',
['Account', 'Output tokens', 'Requests', 'Uses of templates', 'Tied to',
  'Seen last'],
c.members.map((m) => [subject(m.subject, name), { n: m.output_tokens },
  { n: m.requests }, { n: m.uses }, links(c, m), ago(m.last_seen)]));

const links = (c, m) => Object.keys(TIES).flatMap((tie) => m[tie].map((i) =>
  c.members[i] ? `${brief(c.members[i].subject)} (${tie})` : null))
  .filter(Boolean).join(', ') || (m.tied ? 'others' : '–');


/*
 * Accounts stand around the campaign, the larger the more tokens they had; a
 * line to it is a shared template, a curve between two is what ties these.
 */

function picture(c) {
  const n = c.members.length, most = Math.max(1, ...c.members.map((m) =>
    m.output_tokens));
  const at = (i) => {
    const angle = 2 * Math.PI * i / n - Math.PI / 2;

    return [180 + 132 * Math.cos(angle), 132 + 104 * Math.sin(angle)];
  };

  const round = (x) => x.toFixed(1);
  const spokes = [], ties = [], dots = [];

  c.members.forEach((m, i) => {
    const [x, y] = at(i).map(round);

    if (m.uses || m.template) {
      spokes.push(s('line', { class: 'spoke', x1: 180, y1: 132, x2: x, y2: y
      }));
    }

    for (const tie of Object.keys(TIES)) {
      for (const j of m[tie].filter((k) => k > i && k < n)) {
        const [u, v] = at(j).map(round);

        ties.push(s('path', { class: 'tie ' + tie,
          d: `M${x} ${y}Q180 132 ${u} ${v}` }));
      }
    }

    const dot = s('circle', { class: blocked(c) ? 'dot blocked' : 'dot',
      cx: x, cy: y, r: round(4 + 8 * Math.sqrt(m.output_tokens / most)) },
    s('title', {}, `${m.subject}: ${many(m.output_tokens, 'output token')}`));

    dot.addEventListener('click', () => explain(m.subject));
    dots.push(dot);
  });

  const text = `${many(c.accounts, 'account')} around one campaign`
    + `${c.more ? `, ${count(n)} of them drawn` : ''}: `
    + `${many(spokes.length, 'line')} for shared templates, `
    + `${many(ties.length, 'tie')} between accounts. The table of its accounts `
    + 'says the same.';

  return h('figure', {}, s('svg', { class: 'picture', viewBox: '0 0 360 270',
    role: 'img', 'aria-label': text }, spokes, ties,
  s('circle', { class: 'hub', cx: 180, cy: 132, r: 38 }),
  s('text', { x: 180, y: 132 }, count(c.accounts)),
  s('text', { x: 180, y: 147, class: 'small' }, 'accounts'),
  dots,
  c.more ? s('text', { x: 180, y: 266, class: 'small' },
    `the ${count(n)} largest of ${count(c.accounts)}`) : ''),
  h('figcaption', { class: 'hint' }, legend(spokes.length, ties)));
}

function legend(spokes, ties) {
  const provenance = ties.some((t) => !t.classList.contains('failover'));
  const failover = ties.some((t) => t.classList.contains('failover'));

  return ['Dots are accounts, the larger the more tokens.',
    spokes ? ' Straight lines: a shared template.' : '',
    provenance ? ' Curves: an id of one came with the other.' : '',
    failover ? ' Dashed: one asked what the other was refused.' : ''].join('');
}

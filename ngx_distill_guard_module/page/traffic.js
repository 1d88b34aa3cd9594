
/* --- traffic: totals, minute by minute --- */

const MINUTES = 60;

const dry = (n) => n.enforced + n.dry_run;

/* a status as a sample of the history */

function sample(status, zone) {
  const v = zone.verdicts, refuse = ['THROTTLE', 'BLOCK'];
  const all = (part) => part.reported + part.estimated;

  return {
    time: status.time,
    ...Object.fromEntries(VERDICTS.map((name) => [name, dry(v[name])])),
    refused: sum(refuse.map((name) => v[name].enforced)),
    spared: sum(refuse.map((name) => v[name].dry_run)),
    input_tokens: all(zone.tokens.input),
    output_tokens: all(zone.tokens.output),
    failed: zone.exchanges_failed
  };
}

const requests = (x) => sum(VERDICTS.map((name) => x[name]));


/* samples with names, and the present one at the end */

function samples() {
  const { columns, samples: rows } = seen.history;
  const list = rows.map((row) => Object.fromEntries(row.map((n, i) =>
    [columns[i], n])));
  const zone = here();

  if (zone) {
    const now = sample(seen.status, zone);

    while (list.length && Math.floor(list.at(-1).time / 60)
           >= Math.floor(now.time / 60)) {
      list.pop();
    }

    list.push(now);
  }

  return list;
}


/*
 * What each of the last minutes has added. Where no sample was taken for a
 * while, what came meanwhile is spread over that time; counts that are less
 * than before have begun anew.
 */

function minutes(names) {
  const list = samples(), last = Math.floor(list.at(-1).time / 60);
  const past = Array.from({ length: MINUTES }, (_, i) => ({
    minute: last - MINUTES + 1 + i,
    ...Object.fromEntries(names.map((name) => [name, 0]))
  }));

  list.forEach((now, i) => {
    const before = list[i - 1];

    if (!before && !fresh(now)) {
      return;
    }

    const to = Math.floor(now.time / 60);
    const from = before ? Math.floor(before.time / 60) + 1 : to;
    const anew = before && requests(now) < requests(before);

    for (const name of names) {
      const added = now[name] - (before && !anew ? before[name] : 0);

      for (let m = Math.max(from, last - MINUTES + 1); m <= to; m++) {
        past[m - last + MINUTES - 1][name] += added / (to - from + 1);
      }
    }
  });

  return past;
}

/* of the minute in which counting began */

const fresh = (x) => Math.floor(here().start_time_seconds / 60)
  === Math.floor(x.time / 60);


/* what the past hour has added, of all columns */

function hour() {
  const names = [...VERDICTS, 'refused', 'spared', 'input_tokens',
    'output_tokens', 'failed'];
  const past = minutes(names);

  return Object.fromEntries(names.map((name) => [name,
    Math.round(sum(past.map((m) => m[name])))]));
}


/* --- charts --- */

const CHARTS = [
  { title: 'Requests a minute', of: VERDICTS, color: 'pass', unit: 'request' },
  { title: 'Refused a minute', of: ['refused'], color: 'bad',
    unit: 'refusal' },
  { title: 'Output tokens a minute', of: ['output_tokens'], color: 'pass',
    unit: 'token' },
  { title: 'Input tokens a minute', of: ['input_tokens'], color: 'pass',
    unit: 'token' }
];

function chart({ title, of, color, unit }) {
  const values = minutes(of).map((m) => Math.round(sum(of.map((n) => m[n]))));
  const most = Math.max(...values), top = Math.max(most, 1);
  const total = sum(values);

  const bars = values.map((v, i) => v ? s('rect', { x: i * 10 + 1, width: 8,
    y: 100 - v / top * 96, height: v / top * 96, class: 'fill-' + color })
    : null).filter(Boolean);

  const label = total ? `${title}: ${many(total, unit)} in the past hour, at `
    + `most ${count(most)} in a minute, ${count(values.at(-1))} in this one.`
    : `${title}: none in the past hour.`;

  return h('figure', {},
    h('figcaption', {}, h('b', {}, title), total ? `most ${count(most)}, now `
      + count(values.at(-1)) : 'none'),
    s('svg', { class: 'chart', viewBox: '0 0 600 100', role: 'img',
      preserveAspectRatio: 'none', 'aria-label': label },
      s('path', { class: 'grid', d: 'M0 4H600M0 52H600' }), bars),
    h('div', { class: 'axis', 'aria-hidden': 'true' },
      h('span', {}, 'an hour ago'), h('span', {}, 'now')));
}


function drawTraffic() {
  const rows = minutes([...VERDICTS, 'refused', 'spared', 'input_tokens',
    'output_tokens']);

  show('charts', rows, () => CHARTS.map(chart));

  show('past', rows, () => {
    const steps = [];

    for (let i = MINUTES - 5; i >= 0; i -= 5) {
      const part = rows.slice(i, i + 5);
      const add = (name) => ({ n: Math.round(sum(part.map((m) => m[name]))) });

      steps.push([clock(part[0].minute * 60).slice(11),
        { n: Math.round(sum(part.map(requests))) }, add('refused'),
        add('spared'), add('input_tokens'), add('output_tokens')]);
    }

    return table('In steps of five minutes, the latest first',
      ['From', 'Requests', 'Refused', 'Would be refused', 'Input tokens',
        'Output tokens'], steps);
  });
}

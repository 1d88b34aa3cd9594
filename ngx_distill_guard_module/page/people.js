
/* --- the ladder, and who takes most --- */

const LADDER = {
  PASS: 'Nothing is done: the request passes as it is.',
  TAG: 'The request passes; the upstream is told of the score in a header.',
  PACE: 'Answers pass slowly, at a number of tokens a second.',
  THROTTLE: 'What is over an allowance is refused with 429; a campaign has '
    + 'one for all its accounts.',
  BLOCK: 'Everything is refused with 403, for a time.'
};

function drawLadder() {
  const past = hour(), zone = here();
  const all = sample(seen.status, zone);
  const listed = seen.ladder ? seen.ladder.top : [];
  const full = listed.length >= 100 && listed.every((a) =>
    a.verdict !== 'PASS');

  const there = (name) => {
    const n = listed.filter((a) => a.verdict === name).length;

    return name === 'PASS' ? 'all others'
      : count(n) + (n && full ? ' or more' : '');
  };

  const rows = VERDICTS.map((name) => [name, LADDER[name], there(name),
    past[name], all[name]]);

  show('ladder', rows, () => table('Accounts by their score, and '
    + 'requests by what became of them, by score, limit or decision, enforced '
    + 'or not',
    ['Step', 'Accounts now', 'Past hour', 'In all'],
    rows.map(([name, what, accounts, hourly, total]) =>
      [h('div', {}, rung(name), h('small', { class: 'what' }, what)), accounts,
        { n: hourly }, { n: total }])));
}


const MEASURES = {
  score: 'score',
  output_tokens: 'output tokens, last day',
  requests: 'requests, last day',
  refused: 'refused, last day'
};

const KINDS = {
  account: 'accounts',
  key: 'keys',
  origin: 'networks (/24, /64)',
  asn: 'network owners (ASN)',
  campaign: 'campaigns'
};


const FEW = 15;

let whole = false;      /* all that is known is listed */

function drawTop() {
  const { top, of, by, kind } = seen.top;
  const scored = kind !== 'origin' && kind !== 'asn';

  say('topsaid', top.length ? `${many(top.length, 'subject')} of `
    + `${count(of)}, by ${MEASURES[by]}.`
    : of === 0 ? 'Nobody of this kind has been seen yet.'
      : by === 'score' && !scored ? 'Networks have no score; choose another '
        + 'measure.'
        : by === 'score' ? `Of ${many(of, 'subject')} none has a score: `
          + 'nothing speaks against anybody.'
          : `Of ${many(of, 'subject')} none has any, by ${MEASURES[by]}.`);

  const listed = whole ? top : top.slice(0, FEW);

  $('more').hidden = top.length <= FEW;
  say('more', whole ? `Only the first ${FEW}` : `All ${top.length}`);

  show('top', [listed, kind], () => listed.length ? table('On all nodes, in the '
    + 'last day; choose one to see why',
    ['Subject', ...(scored ? ['Score', 'Step'] : []), 'Output tokens',
      'Input tokens', 'Requests', 'Refused', 'Campaign', 'Seen last'],
    listed.map((x) => [subject(x.subject, 'top'),
      ...(scored ? [{ n: x.score }, rung(x.verdict)] : []),
      { n: x.output_tokens }, { n: x.input_tokens }, { n: x.requests },
      { n: x.refused },
      x.campaign && kind !== 'campaign'
        ? subject('campaign:' + x.campaign, 'top' + x.subject)
        : kind === 'campaign' ? many(x.accounts, 'account') : '–',
      ago(x.last_seen)])) : []);
}

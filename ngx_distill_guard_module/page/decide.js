
/* --- decisions --- */

const DECISIONS = {
  block: 'Everything of it is refused with 403, at once and on all nodes.',
  allow: 'It passes every limit and every step of the ladder.',
  exempt: 'It belongs to no campaign; limits still hold. Of a key or an '
    + 'account only.',
  release: 'What was decided on it is over.'
};

const TIMES = { '1h': 'an hour', '1d': 'a day', '7d': 'a week',
  '30d': '30 days', '': 'until released' };


const decidedOn = (d) => `${d.author} has decided: ${d.decision}, `
  + `${d.until ? 'until ' + clock(d.until) : 'until released'}`
  + `${d.reason ? ' – ' + d.reason : ''}.`;


/* what can be done about a subject: with control here, else by the tool */

function acts(name, decision) {
  if (!TOKEN) {
    return h('span', { class: 'hint' }, 'To act: ', h('code', {},
      `distillctl ${decision ? 'release' : 'block'} ${name}`));
  }

  const act = (what, text, more) => h('button', { type: 'button',
    class: more, 'data-at': what + name, onclick: () => prepare(what, name) },
  text);

  return decision ? [act('release', 'Release …')]
    : [act('block', 'Block …', 'act'), act('allow', 'Allow …'),
      /^(key|account):/.test(name) ? act('exempt', 'Exempt …') : null]
      .filter(Boolean);
}


function drawDecisions() {
  const { decisions, of } = seen.decisions;

  say('decidesaid', decisions.length ? (of > decisions.length
    ? `The latest ${decisions.length} of ${count(of)}.` : '')
    : 'None: nobody is blocked, allowed or exempt by an operator. '
      + (TOKEN ? 'To decide, choose below, or use the buttons above.'
        : 'To decide, use distillctl; or give this location '
          + '“distill_guard_status control;” to do it here.'));

  show('decisions', decisions, () => decisions.length ? table(
    'Made by operators; they go before limits and scores',
    ['What', 'Whom', 'Until', 'Who', 'Why', 'Since',
      ...(TOKEN ? ['Over'] : [])],
    decisions.map((d) => [d.decision, subject(d.subject, 'd'),
      d.until ? clock(d.until) : 'released', d.author, d.reason || '–',
      clock(d.time), ...(TOKEN ? [h('button', { type: 'button',
        'data-at': 'd-release' + d.subject,
        'aria-label': 'Release ' + d.subject,
        onclick: () => prepare('release', d.subject) }, 'Release …')] : [])]))
    : []);
}


/* the form says what will be; nothing happens before it is sent */

function prepare(what, name) {
  $('decision').value = what;
  $('decidesubject').value = name;
  consequence();
  say('decided', '');
  $('decideform').scrollIntoView({ block: 'center' });
  $('h-decide').focus({ preventScroll: true });
}

function consequence() {
  const what = $('decision').value;

  $('for').disabled = what === 'release';
  say('consequence', DECISIONS[what]);
}


async function decide(event) {
  event.preventDefault();

  const what = $('decision').value, name = $('decidesubject').value.trim();
  const body = { decision: what, subject: name, zone: chosen.zone,
    for: what === 'release' ? '' : $('for').value,
    reason: $('reason').value.trim() };
  let said, good = false;

  try {
    const answer = await fetch(location.pathname, { method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': TOKEN },
      body: JSON.stringify(body), signal: AbortSignal.timeout(10000) });
    const value = await answer.json();

    good = answer.ok;
    said = good ? `Done: ${value.decision} ${value.subject}`
      + `${value.until ? ' until ' + clock(value.until) : ''}, by `
      + `${value.author}.` : `Not done: ${value.error}.`;

  } catch (error) {
    said = 'Not known whether that was done: the node did not answer. Look at '
      + 'the list.';
  }

  $('decided').className = good ? 'good' : 'bad';
  say('decided', said);

  if (good) {
    $('reason').value = '';
    anew();
    askWhy();
  }
}


function openDecide() {
  if (!TOKEN) {
    return;
  }

  $('decision').append(...Object.keys(DECISIONS).map((what) =>
    h('option', { value: what }, what)));
  $('for').append(...Object.entries(TIMES).map(([value, text]) =>
    h('option', { value }, text)));
  $('decideform').hidden = false;
  $('decideform').addEventListener('submit', decide);
  $('decision').addEventListener('change', consequence);
  consequence();
}

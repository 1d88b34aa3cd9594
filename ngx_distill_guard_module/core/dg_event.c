/*
 * Copyright (C) 2026 Distill Guard
 *
 * The members of an event.  What is not known, zero, false or the default is
 * left out; numbers are whole unless said otherwise; an id is 32 hex digits.
 *
 *     v                    version of the form
 *     t                    arrival, Unix seconds with three decimals
 *     key, account         ids of who asked; without an account of its own
 *                          the account is the key
 *     origin               "203.0.113.0/24", "2001:db8:1:2::/64", "unix"
 *     asn, country         number; two capital letters
 *     hosting, anonymous   true: such a network
 *     client               id of the client's fingerprint
 *     relay                true: its headers contradict each other
 *     exempt               true: no limit was applied
 *     dialect              as in "openai.chat"
 *     model                as the request names it, else as the answer does
 *     verdict              PASS, TAG, ...; with _DRY_RUN if not enforced
 *     score                points
 *     reasons              [{"decision", "subject"}]: "block", "allow" or
 *                          "exempt", as an operator has decided, and on whom,
 *                          as in "origin:203.0.113.0/24";
 *                          [{"limit", "value", "max", "wait_ms"}]: the limit
 *                          as configured, what was counted, what is allowed,
 *                          how long until it would pass;
 *                          [{"refused", "wait_ms"}]: "content", that another
 *                          account was just refused, or "campaign" or
 *                          "account" that is blocked, for how long;
 *                          [{"signal", "value", "soft", "hard", "points",
 *                          "window"}]: what gave points, most first, and the
 *                          seconds that it looks back
 *     campaign, template   ids of what the request belongs to
 *     status               answered
 *     ms                   from arrival to the end, milliseconds
 *     aborted              true: client or upstream left early
 *
 *     input_tokens, output_tokens, cached_tokens, cache_write_tokens,
 *     reasoning_tokens     charged; the cached and the written are part of
 *                          the input, reasoning is part of the output
 *     source               "reported" or "estimated"
 *     finish               reason of the answer's end, in the API's words
 *     error                kind of the error, in the API's words
 *     issued               ids in the answer, the first 16
 *     answer_findings      of "encoded", "malformed", "unread", "incomplete"
 *
 *     bytes                of the request's body
 *     stream, include_usage, echo, logprobs, reasoning
 *                          true: asked for
 *     traces               true: the text asks for reasoning to be shown,
 *                          answers to be graded or tasks to be made up
 *     embedding            true: no text was asked for
 *     n                    answers asked for, if not 1
 *     max_tokens, min_tokens, temperature, top_logprobs, prompt_logprobs
 *                          as asked for; the temperature has decimals, and
 *                          is there if given, even if it is 0
 *     logit_bias, stops, tools
 *                          how many of each
 *     turns                {"system", "user", "assistant", "tool"}: messages
 *     text                 the same: bytes of text
 *     tool_text            bytes of the tools' names and descriptions
 *     images, audio, files, inputs, token_ids
 *                          how many of each
 *     invisible            zero-width characters inside words
 *     findings             of "malformed", "deep", "wide", "duplicate",
 *                          "surrogate", "encoded", "mistyped"
 *     system, tool_set, first, content
 *                          hashes of all system text, of the tools, of the
 *                          first and the last message of the user
 *     content_len          bytes of the last message of the user
 *     marks                of the first message of the user, if nobody has
 *                          answered yet: the letter of the kind of mark, and
 *                          16 hex digits
 *     presented            ids of earlier answers in the request, the first
 *                          16
 *     shared_issued        how many of these were issued to other accounts
 *     shared_refused       1: another account was refused this content within
 *                          a minute
 *     shared_accepted      1: another account was answered this content
 *                          within a day
 *     shared_accounts      accounts seen with this content, this one included
 */


#include "dg_event.h"
#include "dg_event_table.h"
#include "dg_hash.h"
#include "dg_limit.h"
#include "dg_print.h"
#include "dg_subject.h"


typedef struct {
    u_char      *p;
    u_char      *last;           /* leaves room for the closing brace */
} dg_event_line_t;


typedef struct {
    const char  *name;
    unsigned     set;
} dg_event_flag_t;


#define dg_event_flag(name)  { #name, rq->name },


static void dg_event_who(dg_event_line_t *line, const dg_event_t *ev);
static void dg_event_outcome(dg_event_line_t *line, const dg_event_t *ev);
static void dg_event_judgement(dg_event_line_t *line, const dg_event_t *ev);
static void dg_event_answer(dg_event_line_t *line,
    const dg_response_facts_t *rs);
static void dg_event_request(dg_event_line_t *line,
    const dg_request_facts_t *rq);
static void dg_event_options(dg_event_line_t *line,
    const dg_request_facts_t *rq);
static void dg_event_turns(dg_event_line_t *line,
    const dg_request_facts_t *rq);
static void dg_event_shared(dg_event_line_t *line, const dg_shared_t *shared);

static int dg_event_member(dg_event_line_t *line, const char *name,
    size_t size);
static void dg_event_number(dg_event_line_t *line, const char *name,
    uint64_t n, uint64_t usual);
static void dg_event_decimal(dg_event_line_t *line, const char *name,
    int32_t thousandths);
static int dg_event_ruled(const dg_event_t *ev);
static u_char *dg_event_ruling(u_char *p, const dg_event_t *ev);
static u_char *dg_event_limit(u_char *p, const dg_event_t *ev);
static u_char *dg_event_refused(u_char *p, const dg_event_t *ev);
static u_char *dg_event_signal(u_char *p, const dg_reason_t *reason);
static void dg_event_text(dg_event_line_t *line, const char *name,
    const u_char *text, size_t len);
static void dg_event_true(dg_event_line_t *line, const char *name,
    unsigned set);
static void dg_event_flags(dg_event_line_t *line, const char *name,
    const dg_event_flag_t *flags, size_t n);
static void dg_event_subject(dg_event_line_t *line, const char *name,
    unsigned kind, const dg_id_t *id);
static void dg_event_ids(dg_event_line_t *line, const char *name,
    const dg_ids_t *ids);
static void dg_event_marks(dg_event_line_t *line, const char *name,
    const dg_few_marks_t *marks);
static void dg_event_by_role(dg_event_line_t *line, const char *name,
    const uint64_t n[DG_ROLES]);


u_char *
dg_event_write(u_char *p, const dg_event_t *ev)
{
    dg_event_line_t  line;

    line.last = p + DG_EVENT_SIZE - 1;

    p = dg_print(p, "{\"v\":");
    p = dg_print_u64(p, DG_EVENT_VERSION);
    p = dg_print(p, ",\"t\":");
    p = dg_print_u64(p, ev->t_ms / 1000);
    *p++ = '.';
    line.p = dg_print_padded(p, ev->t_ms % 1000, 3);

    dg_event_who(&line, ev);
    dg_event_outcome(&line, ev);

    if (ev->response) {
        dg_event_answer(&line, ev->response);
    }

    if (ev->request) {
        dg_event_request(&line, ev->request);
    }

    if (ev->shared) {
        dg_event_shared(&line, ev->shared);
    }

    *line.p++ = '}';

    return line.p;
}


u_char *
dg_event_verdict(u_char *p, dg_verdict_id_t verdict, unsigned dry_run)
{
    p = dg_print_str(p, &dg_verdicts[verdict]);

    return dry_run ? dg_print(p, DG_EVENT_DRY_RUN) : p;
}


u_char *
dg_event_reasons(u_char *p, const dg_event_t *ev)
{
    u_char    *first;
    unsigned   i;

    *p++ = '[';
    first = p;

    if (dg_event_ruled(ev)) {
        p = dg_event_ruling(p, ev);
    }

    if (ev->limit || (ev->verdict >= DG_THROTTLE
                      && !(dg_event_ruled(ev)
                           && ev->ruling->id == DG_RULING_BLOCK))) {
        if (p > first) {
            *p++ = ',';
        }

        p = ev->limit ? dg_event_limit(p, ev) : dg_event_refused(p, ev);
    }

    for (i = 0; ev->score && i < ev->score->n; i++) {
        if (p > first) {
            *p++ = ',';
        }

        p = dg_event_signal(p, &ev->score->reason[i]);
    }

    *p++ = ']';

    return p;
}


static int
dg_event_ruled(const dg_event_t *ev)
{
    return ev->ruling && ev->ruling->id != DG_RULING_RELEASE;
}


/* whom, but neither by whom nor why: this may be passed on */

static u_char *
dg_event_ruling(u_char *p, const dg_event_t *ev)
{
    p = dg_print(p, "{\"decision\":\"");
    p = dg_print_str(p, &dg_rulings[ev->ruling->id]);
    p = dg_print(p, "\",\"subject\":\"");
    p = dg_ruling_subject_text(p, ev->ruling->kind, &ev->ruling->subject);

    return dg_print(p, "\"}");
}


static u_char *
dg_event_limit(u_char *p, const dg_event_t *ev)
{
    p = dg_print(p, "{\"limit\":\"");
    p = dg_limit_text(p, ev->limit);
    p = dg_print(p, "\",\"value\":");
    p = dg_print_u64(p, ev->value);
    p = dg_print(p, ",\"max\":");
    p = dg_print_u64(p, ev->limit->n);
    p = dg_print(p, ",\"wait_ms\":");
    p = dg_print_u64(p, ev->wait_ms);
    *p++ = '}';

    return p;
}


static u_char *
dg_event_refused(u_char *p, const dg_event_t *ev)
{
    p = dg_print(p, "{\"refused\":\"");

    if (ev->verdict == DG_THROTTLE) {
        p = dg_print(p, "content");

    } else {
        p = dg_print_str(p, &dg_kinds[dg_id_none(&ev->campaign)
                                      ? DG_KIND_ACCOUNT : DG_KIND_CAMPAIGN]);
    }

    p = dg_print(p, "\",\"wait_ms\":");
    p = dg_print_u64(p, ev->wait_ms);
    *p++ = '}';

    return p;
}


static u_char *
dg_event_signal(u_char *p, const dg_reason_t *reason)
{
    const dg_signal_desc_t  *signal;

    signal = &dg_signals[reason->signal];

    p = dg_print(p, "{\"signal\":\"");
    p = dg_print_str(p, &signal->name);
    *p++ = '"';
    p = dg_print(p, ",\"value\":");
    p = dg_print_double(p, reason->value);
    p = dg_print(p, ",\"soft\":");
    p = dg_print_double(p, reason->soft);
    p = dg_print(p, ",\"hard\":");
    p = dg_print_double(p, reason->hard);
    p = dg_print(p, ",\"points\":");
    p = dg_print_u64(p, reason->points);
    p = dg_print(p, ",\"window\":");
    p = dg_print_u64(p, signal->window);
    *p++ = '}';

    return p;
}


static void
dg_event_who(dg_event_line_t *line, const dg_event_t *ev)
{
    dg_event_subject(line, "key", DG_KIND_KEY, &ev->key);
    dg_event_subject(line, "account", DG_KIND_ACCOUNT, &ev->account);
    dg_event_subject(line, "origin", DG_KIND_ORIGIN, &ev->origin);
    dg_event_number(line, "asn", ev->asn, 0);

    if (ev->country[0]) {
        dg_event_text(line, "country", ev->country, 2);
    }

    dg_event_true(line, "hosting", ev->hosting);
    dg_event_true(line, "anonymous", ev->anonymous);
    dg_event_subject(line, "client", DG_KIND_KEY, &ev->client);
    dg_event_true(line, "relay", ev->relay);
    dg_event_true(line, "exempt", ev->exempt);
}


static void
dg_event_outcome(dg_event_line_t *line, const dg_event_t *ev)
{
    const dg_str_t             *s;
    const dg_usage_t           *usage;
    const dg_request_facts_t   *rq;
    const dg_response_facts_t  *rs;

    rq = ev->request;
    rs = ev->response;
    usage = ev->usage;

    if (ev->dialect != DG_DIALECT_NONE) {
        s = &dg_dialects[ev->dialect].name;
        dg_event_text(line, "dialect", s->data, s->len);
    }

    if (rq && rq->model_len) {
        dg_event_text(line, "model", rq->model, rq->model_len);

    } else if (rs) {
        dg_event_text(line, "model", rs->model, rs->model_len);
    }

    dg_event_judgement(line, ev);
    dg_event_number(line, "status", ev->status, 0);
    dg_event_number(line, "ms", ev->duration_ms, 0);
    dg_event_true(line, "aborted", ev->aborted);

    if (usage == NULL || usage->source == DG_SOURCE_NONE) {
        return;
    }

    dg_event_number(line, "input_tokens", usage->input, 0);
    dg_event_number(line, "output_tokens", usage->output, 0);
    dg_event_number(line, "cached_tokens", usage->cached, 0);
    dg_event_number(line, "cache_write_tokens", usage->cache_write, 0);
    dg_event_number(line, "reasoning_tokens", usage->reasoning, 0);

    s = &dg_sources[usage->source];
    dg_event_text(line, "source", s->data, s->len);
}


static void
dg_event_judgement(dg_event_line_t *line, const dg_event_t *ev)
{
    if (dg_event_member(line, "verdict", DG_EVENT_VERDICT + 2)) {
        *line->p++ = '"';
        line->p = dg_event_verdict(line->p, ev->verdict, ev->dry_run);
        *line->p++ = '"';
    }

    dg_event_number(line, "score", ev->score ? ev->score->score : 0, 0);

    if ((ev->limit || ev->verdict >= DG_THROTTLE || dg_event_ruled(ev)
         || (ev->score && ev->score->n))
        && dg_event_member(line, "reasons", DG_EVENT_REASONS))
    {
        line->p = dg_event_reasons(line->p, ev);
    }

    dg_event_subject(line, "campaign", DG_KIND_CAMPAIGN, &ev->campaign);
    dg_event_subject(line, "template", DG_KIND_KEY, &ev->template);
}


static void
dg_event_answer(dg_event_line_t *line, const dg_response_facts_t *rs)
{
    const dg_event_flag_t  findings[] = {
        { "encoded", rs->encoded },
        { "malformed", rs->malformed },
        { "unread", rs->bytes && !rs->read },
        { "incomplete", rs->read && !rs->complete }
    };

    dg_event_text(line, "finish", rs->finish, rs->finish_len);
    dg_event_text(line, "error", rs->error_kind, rs->error_len);
    dg_event_ids(line, "issued", &rs->issued);
    dg_event_flags(line, "answer_findings", findings, dg_nelts(findings));
}


static void
dg_event_request(dg_event_line_t *line, const dg_request_facts_t *rq)
{
    size_t         i;
    uint64_t       n;
    unsigned       small;
    dg_id_t        id;
    const u_char  *facts;

    facts = (const u_char *) rq;

    dg_event_options(line, rq);

    for (i = 0; i < dg_nelts(dg_event_facts); i++) {

        if (dg_event_facts[i].size == sizeof(uint64_t)) {
            memcpy(&n, facts + dg_event_facts[i].offset, sizeof(n));

        } else {
            memcpy(&small, facts + dg_event_facts[i].offset, sizeof(small));
            n = small;
        }

        dg_event_number(line, dg_event_facts[i].name, n,
                        dg_event_facts[i].usual);
    }

    dg_event_turns(line, rq);

    for (i = 0; i < dg_nelts(dg_event_hashes); i++) {
        memcpy(&id, facts + dg_event_hashes[i].offset, sizeof(id));
        dg_event_subject(line, dg_event_hashes[i].name, DG_KIND_KEY, &id);
    }

    dg_event_marks(line, "marks", &rq->marks);
    dg_event_ids(line, "presented", &rq->presented);
}


/* what was asked for with the text, and how the body read */

static void
dg_event_options(dg_event_line_t *line, const dg_request_facts_t *rq)
{
    size_t                 i;
    const dg_event_flag_t  asked[] = { dg_event_asked(dg_event_flag) };
    const dg_event_flag_t  findings[] = { dg_event_findings(dg_event_flag) };

    for (i = 0; i < dg_nelts(asked); i++) {
        dg_event_true(line, asked[i].name, asked[i].set);
    }

    /* a cap of 0 is a cap */

    dg_event_number(line, "max_tokens", rq->max_tokens, rq->capped ? ~0ull : 0);

    if (rq->temperature != -1) {
        dg_event_decimal(line, "temperature", rq->temperature);
    }

    dg_event_flags(line, "findings", findings, dg_nelts(findings));
}


static void
dg_event_turns(dg_event_line_t *line, const dg_request_facts_t *rq)
{
    unsigned  i;
    uint64_t  turns[DG_ROLES];

    for (i = 0; i < DG_ROLES; i++) {
        turns[i] = rq->turns[i];
    }

    dg_event_by_role(line, "turns", turns);
    dg_event_by_role(line, "text", rq->text);
}


static void
dg_event_shared(dg_event_line_t *line, const dg_shared_t *shared)
{
    dg_event_number(line, "shared_issued", shared->issued, 0);
    dg_event_number(line, "shared_refused", shared->refused, 0);
    dg_event_number(line, "shared_accepted", shared->accepted, 0);
    dg_event_number(line, "shared_accounts", shared->accounts, 0);
}


/*
 * Begins a member whose value takes at most size bytes.  Even the fullest
 * event fits; if it did not, members would be missing, and the line would
 * still be JSON.
 */

static int
dg_event_member(dg_event_line_t *line, const char *name, size_t size)
{
    if ((size_t) (line->last - line->p) < strlen(name) + 4 + size) {
        return 0;
    }

    line->p = dg_print(line->p, ",\"");
    line->p = dg_print(line->p, name);
    line->p = dg_print(line->p, "\":");

    return 1;
}


static void
dg_event_number(dg_event_line_t *line, const char *name, uint64_t n,
    uint64_t usual)
{
    if (n != usual && dg_event_member(line, name, DG_PRINT_U64)) {
        line->p = dg_print_u64(line->p, n);
    }
}


static void
dg_event_decimal(dg_event_line_t *line, const char *name,
    int32_t thousandths)
{
    if (dg_event_member(line, name, DG_PRINT_U64)) {
        line->p = dg_print_thousandths(line->p, thousandths);
    }
}


static void
dg_event_text(dg_event_line_t *line, const char *name, const u_char *text,
    size_t len)
{
    if (len && dg_event_member(line, name, 6 * len + 2)) {
        *line->p++ = '"';
        line->p = dg_print_json(line->p, text, len);
        *line->p++ = '"';
    }
}


static void
dg_event_true(dg_event_line_t *line, const char *name, unsigned set)
{
    if (set && dg_event_member(line, name, sizeof("true") - 1)) {
        line->p = dg_print(line->p, "true");
    }
}


static void
dg_event_flags(dg_event_line_t *line, const char *name,
    const dg_event_flag_t *flags, size_t n)
{
    size_t  i, size;
    u_char  separator;

    size = 0;

    for (i = 0; i < n; i++) {
        size += flags[i].set ? strlen(flags[i].name) + 3 : 0;
    }

    if (size == 0 || !dg_event_member(line, name, size + 1)) {
        return;
    }

    separator = '[';

    for (i = 0; i < n; i++) {
        if (flags[i].set) {
            *line->p++ = separator;
            *line->p++ = '"';
            line->p = dg_print(line->p, flags[i].name);
            *line->p++ = '"';
            separator = ',';
        }
    }

    *line->p++ = ']';
}


static void
dg_event_subject(dg_event_line_t *line, const char *name, unsigned kind,
    const dg_id_t *id)
{
    if (!dg_id_none(id) && dg_event_member(line, name, DG_SUBJECT_TEXT + 2)) {
        *line->p++ = '"';
        line->p = dg_subject_text(line->p, kind, id);
        *line->p++ = '"';
    }
}


static void
dg_event_ids(dg_event_line_t *line, const char *name, const dg_ids_t *ids)
{
    size_t  i, n;

    n = dg_min(ids->n, DG_IDS);

    if (n == 0 || !dg_event_member(line, name, n * (DG_ID_TEXT + 3) + 1)) {
        return;
    }

    for (i = 0; i < n; i++) {
        line->p = dg_print(line->p, i ? ",\"" : "[\"");
        line->p = dg_id_text(line->p, &ids->id[i]);
        *line->p++ = '"';
    }

    *line->p++ = ']';
}


static void
dg_event_marks(dg_event_line_t *line, const char *name,
    const dg_few_marks_t *marks)
{
    size_t  i, n;

    n = dg_min(marks->n, DG_FEW_MARKS);

    if (n == 0 || !dg_event_member(line, name, n * (DG_EVENT_MARK + 3) + 1)) {
        return;
    }

    for (i = 0; i < n; i++) {
        line->p = dg_print(line->p, i ? ",\"" : "[\"");
        *line->p++ = dg_mark_letters[marks->kind[i] % DG_MARK_KINDS];
        line->p = dg_hash_text(line->p, marks->value[i]);
        *line->p++ = '"';
    }

    *line->p++ = ']';
}


static void
dg_event_by_role(dg_event_line_t *line, const char *name,
    const uint64_t n[DG_ROLES])
{
    size_t    i, size;
    u_char    separator;

    size = 0;

    for (i = 0; i < DG_ROLES; i++) {
        size += n[i] ? strlen(dg_event_roles[i]) + 4 + DG_PRINT_U64 : 0;
    }

    if (size == 0 || !dg_event_member(line, name, size + 1)) {
        return;
    }

    separator = '{';

    for (i = 0; i < DG_ROLES; i++) {
        if (n[i]) {
            *line->p++ = separator;
            *line->p++ = '"';
            line->p = dg_print(line->p, dg_event_roles[i]);
            line->p = dg_print(line->p, "\":");
            line->p = dg_print_u64(line->p, n[i]);
            separator = ',';
        }
    }

    *line->p++ = '}';
}

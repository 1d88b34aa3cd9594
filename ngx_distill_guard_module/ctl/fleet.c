/*
 * Copyright (C) 2026 Distill Guard
 */


#include "fleet.h"
#include "conf.h"
#include "dg_origin.h"
#include "input.h"
#include "settings.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>


#define CTL_FLEET_PASSWORD_MAX  1024
#define CTL_FLEET_KEY_MAX       4096         /* of a raw key */


static int ctl_fleet_conf(void *ctx, const dg_conf_t *conf);
static int ctl_fleet_conf_param(ctl_fleet_t *f, const dg_str_t *word);
static int ctl_fleet_conf_said(ctl_fleet_t *f, ctl_fleet_said_t what,
    const dg_str_t *value);
static int ctl_fleet_prefix(ctl_fleet_t *f);
static int ctl_fleet_tls(ctl_fleet_t *f);
static int ctl_fleet_password(ctl_fleet_t *f, ctl_fleet_said_t what,
    dg_str_t *password);
static void ctl_fleet_forget(dg_str_t *password);
static int ctl_fleet_check(ctl_fleet_t *f);
static int ctl_fleet_get(ctl_fleet_t *f, const char *name,
    redisReply **reply);
static int ctl_fleet_raw(ctl_fleet_t *f, unsigned kind, dg_id_t *id);
static ssize_t ctl_fleet_read(u_char *raw, size_t max, const dg_str_t *what);
static int ctl_fleet_address(const char *text, dg_id_t *id);


#define ctl_fleet_said_flag(name, said, argument, help)                       \
    { name, CTL_FLEET_FLAG + said, argument, NULL, 0, help }


static const dg_str_t  ctl_fleet_switch[] = {
    dg_string("on"),
    dg_string("off")
};


/* in the order of ctl_fleet_said_t */

const ctl_flag_t  ctl_fleet_flags[] = {

    ctl_fleet_said_flag("conf", CTL_FLEET_CONF, "FILE",
        "a nginx.conf, whose distill_guard_redis and distill_guard_secret "
        "say the rest"),

    ctl_fleet_said_flag("redis", CTL_FLEET_URL, "URL",
        "as in distill_guard_redis"),

    ctl_fleet_said_flag("password-file", CTL_FLEET_PASSWORD, "FILE",
        "that Redis asks for"),

    ctl_fleet_said_flag("prefix", CTL_FLEET_PREFIX, "PREFIX",
        "of all names in Redis; dg if nothing is said"),

    ctl_fleet_said_flag("secret", CTL_FLEET_SECRET, "FILE",
        "as in distill_guard_secret"),

    ctl_fleet_said_flag("ca", CTL_FLEET_CA, "FILE",
        "of authorities that sign Redis' certificate"),

    ctl_fleet_said_flag("name", CTL_FLEET_TLS_NAME, "NAME",
        "that the certificate is for, if not for the host"),

    ctl_fleet_said_flag("cert", CTL_FLEET_CERT, "FILE",
        "a certificate that Redis asks for, with TLS"),

    ctl_fleet_said_flag("key", CTL_FLEET_KEY, "FILE", "its key"),

    { "verify", CTL_FLEET_FLAG + CTL_FLEET_VERIFY, "on|off",
      ctl_fleet_switch, 2,
      ": whether Redis' certificate is looked at; on if nothing is said" },

    ctl_fleet_said_flag("sentinel-user", CTL_FLEET_SENTINEL_USER, "NAME",
        "whom sentinels ask for"),

    ctl_fleet_said_flag("sentinel-password-file",
        CTL_FLEET_SENTINEL_PASSWORD, "FILE", "the password they ask for"),

    { "json", CTL_FLEET_JSON, NULL, NULL, 0, "for programs" },

    { NULL, 0, NULL, NULL, 0, NULL }
};


/* where in a nginx.conf that is said */

typedef struct {
    dg_str_t       param;        /* of distill_guard_redis; empty: none */
    unsigned       file;         /* beside the nginx.conf that names it */
} ctl_fleet_source_t;


static const ctl_fleet_source_t  ctl_fleet_sources[CTL_FLEET_SAID] = {
    { dg_string(""), 0 },                    /* the nginx.conf itself */
    { dg_string(""), 0 },                    /* the URL */
    { dg_string("password_file"), 1 },
    { dg_string("prefix"), 0 },
    { dg_string(""), 1 },                    /* distill_guard_secret */
    { dg_string("ca"), 1 },
    { dg_string("name"), 0 },
    { dg_string("cert"), 1 },
    { dg_string("key"), 1 },
    { dg_string("verify"), 0 },
    { dg_string("sentinel_user"), 0 },
    { dg_string("sentinel_password_file"), 1 }
};


const char *
ctl_fleet_variable(const ctl_flag_t *flag, char *buf)
{
    char  *p;

    snprintf(buf, CTL_FLEET_VARIABLE, "DISTILL_GUARD_%s", flag->name);

    for (p = buf; *p; p++) {
        *p = (char) (*p == '-' ? '_' : toupper((u_char) *p));
    }

    return buf;
}


int
ctl_fleet_flag(ctl_fleet_t *f, int flag, const char *value)
{
    if (flag == CTL_FLEET_JSON) {
        f->json = 1;
        return DG_OK;
    }

    if (flag < CTL_FLEET_FLAG || flag >= CTL_FLEET_FLAG + CTL_FLEET_SAID) {
        return DG_ERROR;
    }

    free(f->said[flag - CTL_FLEET_FLAG]);
    f->said[flag - CTL_FLEET_FLAG] = strdup(value);

    return f->said[flag - CTL_FLEET_FLAG] ? DG_OK : DG_ERROR;
}


int
ctl_fleet_options(ctl_fleet_t *f, int argc, char **argv, int least, int most)
{
    int  c;

    while ((c = ctl_flag(argc, argv)) != -1) {

        if (c == 'h') {
            return ctl_help(argv[0]);
        }

        if (ctl_fleet_flag(f, c, optarg) != DG_OK) {
            return ctl_usage(argv[0]);
        }
    }

    if (argc - optind < least || argc - optind > most) {
        return ctl_usage(argv[0]);
    }

    return CTL_GO_ON;
}


int
ctl_fleet_init(ctl_fleet_t *f)
{
    char         variable[CTL_FLEET_VARIABLE];
    size_t       i;
    const char  *value;

    for (i = 0; i < CTL_FLEET_SAID; i++) {
        value = f->said[i] ? NULL
                : getenv(ctl_fleet_variable(&ctl_fleet_flags[i], variable));

        if (value && value[0]) {
            f->said[i] = strdup(value);
        }
    }

    if (f->said[CTL_FLEET_CONF]
        && ctl_conf_walk(f->said[CTL_FLEET_CONF], ctl_fleet_conf, f)
           != DG_OK)
    {
        return CTL_FAILED;
    }

    if (f->said[CTL_FLEET_SECRET]) {

        if (ctl_settings_key(&f->key, f->said[CTL_FLEET_SECRET]) != DG_OK) {
            return CTL_FAILED;
        }

        f->keyed = 1;
    }

    return CTL_OK;
}


/* of a nginx.conf, what was said neither in flags nor in the environment */

static int
ctl_fleet_conf(void *ctx, const dg_conf_t *conf)
{
    ctl_fleet_t *f = ctx;

    unsigned         i;
    const dg_str_t  *words;

    words = conf->words;

    if (conf->n >= 2
        && dg_conf_name(&dg_directives[DG_DIRECTIVE_SECRET].name, 0, 1, words)
           == 0)
    {
        return ctl_fleet_conf_said(f, CTL_FLEET_SECRET, &words[1]);
    }

    if (conf->n < 2
        || dg_conf_name(&dg_directives[DG_DIRECTIVE_REDIS].name, 0, 1, words)
           != 0)
    {
        return DG_OK;
    }

    if (ctl_fleet_conf_said(f, CTL_FLEET_URL, &words[1]) != DG_OK) {
        return DG_ERROR;
    }

    for (i = 2; i < conf->n; i++) {
        if (ctl_fleet_conf_param(f, &words[i]) != DG_OK) {
            return DG_ERROR;
        }
    }

    return DG_OK;
}


/* what only nginx has to know is passed over */

static int
ctl_fleet_conf_param(ctl_fleet_t *f, const dg_str_t *word)
{
    unsigned         i;
    dg_str_t         name, value;
    const dg_str_t  *param;

    if (dg_conf_split(word, '=', &name, &value) != DG_OK) {
        return DG_OK;
    }

    for (i = 0; i < CTL_FLEET_SAID; i++) {
        param = &ctl_fleet_sources[i].param;

        if (param->len && param->len == name.len
            && memcmp(param->data, name.data, name.len) == 0)
        {
            return ctl_fleet_conf_said(f, i, &value);
        }
    }

    return DG_OK;
}


static int
ctl_fleet_conf_said(ctl_fleet_t *f, ctl_fleet_said_t what,
    const dg_str_t *value)
{
    char      path[PATH_MAX];
    dg_str_t  text;

    if (f->said[what]) {
        return DG_OK;
    }

    text = *value;

    if (ctl_fleet_sources[what].file) {

        if (ctl_settings_path(path, f->said[CTL_FLEET_CONF], value) != DG_OK) {
            return DG_ERROR;
        }

        text = ctl_redis_word(path);
    }

    f->said[what] = strndup((const char *) text.data, text.len);

    if (f->said[what] == NULL) {
        ctl_error("no memory");
        return DG_ERROR;
    }

    return DG_OK;
}


void
ctl_fleet_close(ctl_fleet_t *f)
{
    unsigned  i;

    ctl_redis_close(&f->redis);

    ctl_fleet_forget(&f->conf.login.password);
    ctl_fleet_forget(&f->conf.sentinel.password);

    for (i = 0; i < CTL_FLEET_SAID; i++) {
        free(f->said[i]);
    }
}


static void
ctl_fleet_forget(dg_str_t *password)
{
    if (password->data) {
        explicit_bzero((u_char *) password->data, password->len);
        free((u_char *) password->data);
        password->data = NULL;
    }
}


int
ctl_fleet_open(ctl_fleet_t *f)
{
    int  status;

    status = ctl_fleet_where(f);

    if (status == CTL_OK) {
        status = ctl_redis_open(&f->redis, &f->conf);
    }

    return status == CTL_OK ? ctl_fleet_check(f) : status;
}


int
ctl_fleet_where(ctl_fleet_t *f)
{
    char      error[DG_URL_ERROR];
    dg_str_t  text;

    if (f->said[CTL_FLEET_URL] == NULL) {
        ctl_error("where is Redis? Say it with --redis URL, with --conf and "
                  "the nginx.conf of a node, or in DISTILL_GUARD_REDIS");
        return CTL_FAILED;
    }

    text = ctl_redis_word(f->said[CTL_FLEET_URL]);

    if (dg_url_parse(&f->conf.url, &text, error) != DG_OK) {
        ctl_error("%s", error);
        return CTL_FAILED;
    }

    f->conf.login.user = f->conf.url.user;

    if (f->said[CTL_FLEET_SENTINEL_USER]) {
        f->conf.sentinel.user =
                          ctl_redis_word(f->said[CTL_FLEET_SENTINEL_USER]);
    }

    if (ctl_fleet_prefix(f) != DG_OK
        || ctl_fleet_tls(f) != DG_OK
        || ctl_fleet_password(f, CTL_FLEET_PASSWORD,
                              &f->conf.login.password)
           != DG_OK
        || ctl_fleet_password(f, CTL_FLEET_SENTINEL_PASSWORD,
                              &f->conf.sentinel.password)
           != DG_OK)
    {
        return CTL_FAILED;
    }

    return CTL_OK;
}


static int
ctl_fleet_prefix(ctl_fleet_t *f)
{
    f->prefix = ctl_redis_word(f->said[CTL_FLEET_PREFIX]
                               ? f->said[CTL_FLEET_PREFIX]
                               : DG_SCHEMA_PREFIX);

    if (dg_schema_prefix(&f->prefix) != DG_OK) {
        ctl_error("invalid prefix \"%s\": it is 1 to %d letters, digits and "
                  "\"_-.:\"", f->said[CTL_FLEET_PREFIX],
                  DG_SCHEMA_PREFIX_MAX);
        return DG_ERROR;
    }

    return DG_OK;
}


static int
ctl_fleet_tls(ctl_fleet_t *f)
{
    const char  *verify;

    verify = f->said[CTL_FLEET_VERIFY];

    f->conf.tls.ca = f->said[CTL_FLEET_CA];
    f->conf.tls.cert = f->said[CTL_FLEET_CERT];
    f->conf.tls.key = f->said[CTL_FLEET_KEY];
    f->conf.tls.name = f->said[CTL_FLEET_TLS_NAME];
    f->conf.tls.unverified = verify && strcmp(verify, "off") == 0;

    if (verify && strcmp(verify, "on") != 0 && !f->conf.tls.unverified) {
        ctl_error("\"%.40s\" is nothing to verify by: write on or off",
                  verify);
        return DG_ERROR;
    }

    return DG_OK;
}


static int
ctl_fleet_password(ctl_fleet_t *f, ctl_fleet_said_t what, dg_str_t *password)
{
    const char  *file;

    file = f->said[what];

    if (file == NULL) {
        return DG_OK;
    }

    password->data = ctl_input_secret(file, CTL_FLEET_PASSWORD_MAX,
                                      &password->len);

    if (password->data == NULL) {
        ctl_error("cannot read the password %s: %s", file, strerror(errno));
        return DG_ERROR;
    }

    return DG_OK;
}


/* a wrong prefix or database would look like a fleet of nobody */

static int
ctl_fleet_check(ctl_fleet_t *f)
{
    int          status;
    u_char       check[DG_HASH_TEXT];
    redisReply  *reply;

    status = ctl_fleet_get(f, DG_SCHEMA_VERSION, &reply);

    if (status != CTL_OK) {
        return status;
    }

    if (reply->type != REDIS_REPLY_STRING) {
        ctl_error("no node with prefix \"%.*s\" has been here: is that the "
                  "prefix, and %s the Redis, of \"distill_guard_redis\"?",
                  (int) f->prefix.len, (const char *) f->prefix.data,
                  f->said[CTL_FLEET_URL]);
        status = CTL_DENIED;

    } else if (strtol(reply->str, NULL, 10) != DG_SCHEMA) {
        ctl_error("the nodes use schema %.16s, and this is for schema %d: "
                  "use the distillctl of their version", reply->str,
                  DG_SCHEMA);
        status = CTL_DENIED;
    }

    freeReplyObject(reply);

    if (status != CTL_OK || !f->keyed) {
        return status;
    }

    status = ctl_fleet_get(f, DG_SCHEMA_CHECK, &reply);

    if (status != CTL_OK) {
        return status;
    }

    (void) dg_hash_text(check, dg_schema_check(&f->key));

    if (reply->type == REDIS_REPLY_STRING
        && ((size_t) reply->len != DG_HASH_TEXT
            || memcmp(reply->str, check, DG_HASH_TEXT) != 0))
    {
        ctl_error("%s is not the secret of the nodes: ids made with it would "
                  "be nobody's", f->said[CTL_FLEET_SECRET]);
        status = CTL_DENIED;
    }

    freeReplyObject(reply);

    return status;
}


static int
ctl_fleet_get(ctl_fleet_t *f, const char *name, redisReply **reply)
{
    char      key[CTL_FLEET_NAME];
    dg_str_t  args[2];

    args[0] = ctl_redis_word("GET");
    args[1] = ctl_fleet_name(f, name, key);

    *reply = ctl_redis_command(&f->redis, 2, args);

    return *reply ? CTL_OK : CTL_REDIS;
}


dg_str_t
ctl_fleet_name(const ctl_fleet_t *f, const char *name, char *buf)
{
    snprintf(buf, CTL_FLEET_NAME, "%.*s:%s", (int) f->prefix.len,
             (const char *) f->prefix.data, name);

    return ctl_redis_word(buf);
}


int
ctl_fleet_time(ctl_fleet_t *f, uint64_t *ms)
{
    dg_str_t     args[1];
    redisReply  *reply;

    args[0] = ctl_redis_word("TIME");

    reply = ctl_redis_command(&f->redis, 1, args);

    if (reply == NULL) {
        return CTL_REDIS;
    }

    if (!ctl_redis_strings(reply, 2)) {
        ctl_error("Redis does not say what time it is");
        freeReplyObject(reply);
        return CTL_REDIS;
    }

    *ms = strtoull(reply->element[0]->str, NULL, 10) * 1000
          + strtoull(reply->element[1]->str, NULL, 10) / 1000;

    freeReplyObject(reply);

    return CTL_OK;
}


int
ctl_fleet_subject(ctl_fleet_t *f, const char *text, unsigned *kind,
    dg_id_t *id)
{
    size_t       len;
    unsigned     i;
    const char  *colon;

    colon = strchr(text, ':');
    len = colon ? (size_t) (colon - text) : 0;

    for (i = DG_KIND_KEY; i < DG_NAMED_KINDS; i++) {
        if (dg_kinds[i].len == len && memcmp(dg_kinds[i].data, text, len) == 0)
        {
            break;
        }
    }

    if (i == DG_NAMED_KINDS) {
        ctl_error("\"%.80s\" is no subject: write key:, account:, origin:, "
                  "asn:, client: or campaign:, and an id, or key:- for a key "
                  "on standard input", text);
        return CTL_FAILED;
    }

    *kind = i;
    text = colon + 1;

    if (strcmp(text, "-") == 0
        && (i == DG_KIND_KEY || i == DG_KIND_ACCOUNT))
    {
        return ctl_fleet_raw(f, i, id);
    }

    if (i == DG_KIND_ASN && (text[0] == 'A' || text[0] == 'a')
        && (text[1] == 'S' || text[1] == 's'))
    {
        text += 2;
    }

    if (dg_subject_parse(id, i, (const u_char *) text, strlen(text)) == DG_OK
        || (i == DG_KIND_ORIGIN && ctl_fleet_address(text, id) == DG_OK))
    {
        return CTL_OK;
    }

    if (i == DG_KIND_ORIGIN) {
        ctl_error("\"%.80s\" is no origin: write an address, or a network as "
                  "in 203.0.113.0/24 or 2001:db8:1:2::/64, no larger and no "
                  "smaller ones, or unix", text);

    } else if (i == DG_KIND_ASN) {
        ctl_error("\"%.80s\" is no number of a network: write it as in "
                  "asn:64500", text);

    } else {

        /* not repeated: it might be a key, which is not to be in a log */

        ctl_error("what stands behind %.*s: is no id of 32 hex digits%s",
                  (int) dg_kinds[i].len, (const char *) dg_kinds[i].data,
                  i == DG_KIND_KEY ? ": for a key itself write key:- and give "
                                     "it on standard input" : "");
    }

    return CTL_FAILED;
}


/* as it is hashed by nginx; nothing of it stays */

static int
ctl_fleet_raw(ctl_fleet_t *f, unsigned kind, dg_id_t *id)
{
    u_char   raw[CTL_FLEET_KEY_MAX + 1];
    ssize_t  len;

    if (!f->keyed) {
        ctl_error("ids are made with the secret of the nodes: name its file "
                  "with --secret, or a nginx.conf that does with --conf");
        return CTL_FAILED;
    }

    len = ctl_fleet_read(raw, sizeof(raw), &dg_kinds[kind]);

    while (len > 0 && memchr(" \t\r\n", raw[len - 1], 4)) {
        len--;
    }

    if (len > 0 && len <= CTL_FLEET_KEY_MAX) {
        *id = dg_hash(&f->key, kind == DG_KIND_KEY ? DG_HASH_KEY
                                                   : DG_HASH_ACCOUNT,
                      raw, (size_t) len);
    }

    explicit_bzero(raw, sizeof(raw));

    if (len > 0 && len <= CTL_FLEET_KEY_MAX) {
        return CTL_OK;
    }

    ctl_error("there is no %.*s on standard input%s", (int) dg_kinds[kind].len,
              (const char *) dg_kinds[kind].data,
              len > 0 ? ", but something longer" : "");

    return CTL_FAILED;
}


/* the first line */

static ssize_t
ctl_fleet_read(u_char *raw, size_t max, const dg_str_t *what)
{
    u_char   *end;
    size_t    len;
    ssize_t   n;

    if (isatty(STDIN_FILENO)) {
        fprintf(stderr, "%.*s: ", (int) what->len, (const char *) what->data);
    }

    end = NULL;
    len = 0;

    while (len < max && end == NULL) {
        n = read(STDIN_FILENO, raw + len, max - len);

        if (n == -1 && errno == EINTR) {
            continue;
        }

        if (n <= 0) {
            break;
        }

        end = memchr(raw + len, '\n', (size_t) n);
        len += (size_t) n;
    }

    return end ? end - raw : (ssize_t) len;
}


/* the network that an address is counted with */

static int
ctl_fleet_address(const char *text, dg_id_t *id)
{
    u_char  addr[16];

    if (inet_pton(AF_INET, text, addr) == 1) {
        dg_origin_v4(id, addr);
        return DG_OK;
    }

    if (inet_pton(AF_INET6, text, addr) == 1) {
        dg_origin_v6(id, addr);
        return DG_OK;
    }

    return DG_ERROR;
}

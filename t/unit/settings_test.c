/*
 * Copyright (C) 2026 Distill Guard
 *
 * Pieces of nginx.conf: what they set, and what is said of bad ones.
 */


#include "dg_settings.h"
#include "dg_test.h"


#define MUTATIONS  200000


static dg_settings_t  s;
static char           text[4096];
static char           error[DG_CONF_ERROR];
static unsigned       line;


static int
reads(const char *conf)
{
    snprintf(text, sizeof(text), "%s", conf);

    return dg_settings_read(&s, (u_char *) text, strlen(text), &line, error)
           == DG_OK;
}


static int
is(const dg_str_t *str, const char *expected)
{
    return str->len == strlen(expected)
           && memcmp(str->data, expected, str->len) == 0;
}


static void
test_words(void)
{
    unsigned   i;
    dg_conf_t  conf;

    static u_char       words[] =
        " a\tb\r\nc # no; word\n\n  'd e' \"f\\\"g\" h\\ni \\\"j k\\l ${m}n"
        " o#p \"\" ;\n;";
    static const char  *expected[] = {
        "a", "b", "c", "d e", "f\"g", "h\ni", "\"j", "k\\l", "${m}n", "o#p",
        ""
    };

    dg_conf_init(&conf, words, sizeof(words) - 1);

    dg_ok(dg_conf_next(&conf, error) == 1 && conf.line == 1
          && conf.n == dg_nelts(expected), "words");

    for (i = 0; i < dg_nelts(expected) && i < conf.n; i++) {
        dg_ok(is(&conf.words[i], expected[i]), "word %u", i);
    }

    dg_ok(dg_conf_next(&conf, error) == DG_ERROR && conf.line == 5
          && strcmp(error, "unexpected \";\"") == 0, "and a bad one");
}


static void
test_good(void)
{
    dg_ok(reads("") && s.zone == NULL && s.nlimits == 0
          && s.mode == DG_MODE_OFF, "nothing");
    dg_ok(reads("# nothing") && s.zone == NULL, "a comment");
    dg_ok(reads("") && s.policy.actions[DG_ACTION_TAG].score == 25,
          "the default policy");
    dg_ok(reads("distill_guard_action throttle score=60;"
                "distill_guard_action pace score=50;"),
          "an order that only the end makes good");

    dg_ok(reads("distill_guard_zone zone=guard:64m;\n"
                "distill_guard_secret \"/etc/my secret\";\n"
                "distill_guard_redis redis://127.0.0.1 prefix=x;\n"
                "distill_guard_geoip asn a.mmdb;\n"
                "distill_guard_geoip country c.mmdb reload=5m;\n"
                "distill_guard_hosting hosting.txt;\n"
                "distill_guard enforce;\n"
                "distill_guard_key $http_x_key;\n"
                "distill_guard_account $http_x_account;\n"
                "distill_guard_exempt $partner $friend;\n"
                "distill_guard_limit key requests=600/m\n"
                "                        output_tokens=2m/d;\n"
                "distill_guard_limit origin requests=6K/m;\n"
                "distill_guard_signal template soft=10 points=30;\n"
                "distill_guard_signal relay off;\n"
                "distill_guard_action throttle score=50 rate=5/h;\n"
                "distill_guard_status;\n"), "every directive");

    dg_ok(s.zone && is(&s.zone->name, "guard")
          && s.zone->size == 64 * 1024 * 1024, "zone");
    dg_ok(is(&s.secret, "/etc/my secret"), "secret");
    dg_ok(is(&s.places[DG_PLACE_ASN], "a.mmdb")
          && is(&s.places[DG_PLACE_COUNTRY], "c.mmdb")
          && s.places[DG_PLACE_ANONYMOUS].len == 0, "geoip");
    dg_ok(is(&s.hosting, "hosting.txt"), "hosting");
    dg_ok(s.mode == DG_MODE_ENFORCE, "mode");
    dg_ok(s.nlimits == 3
          && s.limits[0].kind == DG_KIND_KEY
          && s.limits[0].metric == DG_METRIC_REQUESTS
          && s.limits[0].period == DG_MINUTE && s.limits[0].n == 600
          && s.limits[1].kind == DG_KIND_KEY
          && s.limits[1].metric == DG_METRIC_OUTPUT
          && s.limits[1].period == DG_DAY && s.limits[1].n == 2000000
          && s.limits[2].kind == DG_KIND_ORIGIN && s.limits[2].n == 6000,
          "limits");
    dg_ok(s.policy.signals[DG_SIGNAL_TEMPLATE].soft == 10
          && s.policy.signals[DG_SIGNAL_TEMPLATE].hard
             == dg_signals[DG_SIGNAL_TEMPLATE].hard
          && s.policy.signals[DG_SIGNAL_RELAY].points == 0
          && s.policy.actions[DG_ACTION_THROTTLE].score == 50
          && s.policy.actions[DG_ACTION_BLOCK].seconds == 3600, "policy");
    dg_ok(s.line[DG_DIRECTIVE_ZONE] == 1 && s.line[DG_DIRECTIVE_LIMIT] == 11
          && s.line[DG_DIRECTIVE_STATUS] == 17, "lines");

    dg_ok(reads("distill_guard_zone zone=a:512k; distill_guard_zone "
                "zone=b:1048576; distill_guard observe zone=b;")
          && is(&s.zone->name, "b") && s.zone->size == 1024 * 1024,
          "the zone that is named");
    dg_ok(reads("distill_guard observe zone=elsewhere;") && s.zone == NULL
          && s.mode == DG_MODE_OBSERVE, "a zone that is defined elsewhere");
}


/* there are as many limits as there can be */

static void
test_all_limits(void)
{
    u_char      one[DG_LIMIT_TEXT + 1];
    size_t      len;
    unsigned    kind, metric, period;
    dg_limit_t  limit;

    limit.n = 5;
    text[0] = '\0';

    for (kind = DG_KIND_NONE + 1; kind < DG_KINDS; kind++) {
        limit.kind = kind;

        for (metric = 0; metric < DG_METRICS; metric++) {
            limit.metric = metric;

            for (period = 0; period < DG_WINDOWS; period++) {
                limit.period = period;
                *dg_limit_text(one, &limit) = '\0';
                len = strlen(text);
                snprintf(text + len, sizeof(text) - len,
                         "distill_guard_limit %s;\n", (char *) one);
            }
        }
    }

    dg_ok(dg_settings_read(&s, (u_char *) text, strlen(text), &line, error)
          == DG_OK && s.nlimits == DG_LIMITS, "all %u limits",
          (unsigned) DG_LIMITS);
}


static void
test_bad(void)
{
    size_t  i;

    static const struct {
        const char  *conf;
        unsigned     line;
        const char  *said;
    } bad[] = {
        { "distill_guard enforce", 1, "the end comes before a \";\"" },
        { "\n\"distill_guard", 2, "the end comes before the end of a" },
        { "\"distill_guard\"enforce;", 1, "something stands right behind" },
        { "http {\n distill_guard enforce; }", 1, "blocks have no place" },
        { "distill_guard enforce; }", 1, "blocks have no place" },
        { "\n\nproxy_pass http://x;", 3, "unknown directive \"proxy_pass\"" },
        { "distill_guard_zones zone=a:1m;", 1, "unknown directive" },
        { "distill_guard_zone;", 1, "invalid number of arguments in "
          "\"distill_guard_zone\"" },
        { "distill_guard observe zone=a zone=b;", 1, "invalid number of" },

        { "distill_guard on;", 1, "invalid value \"on\" in \"distill_guard\""
          ": it is off, observe or enforce" },
        { "distill_guard enforce a;", 1, "invalid parameter \"a\" in" },
        { "distill_guard enforce zone=;", 1, "invalid parameter \"zone=\"" },
        { "distill_guard off;\ndistill_guard off;", 2,
          "\"distill_guard\" directive is duplicate" },

        { "distill_guard_zone zone=a:511k;", 1, "zone \"a\" in "
          "\"distill_guard_zone\" is too small: give it 512k" },
        { "distill_guard_zone zone=a;", 1, "invalid parameter \"zone=a\"" },
        { "distill_guard_zone zone=:1m;", 1, "invalid parameter" },
        { "distill_guard_zone zone=a:;", 1, "invalid parameter" },
        { "distill_guard_zone zone=a:m;", 1, "invalid parameter" },
        { "distill_guard_zone zone=a:1g;", 1, "invalid parameter" },
        { "distill_guard_zone zone=a:99999999999999999999m;", 1,
          "invalid parameter" },
        { "distill_guard_zone zone=a:1m;\ndistill_guard_zone zone=a:2m;", 2,
          "\"distill_guard_zone\" defines zone \"a\" twice" },
        { "distill_guard_zone zone=a:1m;\n\ndistill_guard enforce zone=b;", 3,
          "\"distill_guard\" names an unknown zone \"b\"" },
        { "\ndistill_guard_zone zone=a:1m; distill_guard_zone zone=b:1m;", 2,
          "there are several zones" },

        { "distill_guard_secret \"\";", 1, "\"distill_guard_secret\" names" },
        { "distill_guard_secret a; distill_guard_secret a;", 1,
          "\"distill_guard_secret\" directive is duplicate" },
        { "distill_guard_geoip city a;", 1, "invalid kind \"city\" in "
          "\"distill_guard_geoip\": it is asn, country or anonymous" },
        { "distill_guard_geoip asn a; distill_guard_geoip asn b;", 1,
          "\"distill_guard_geoip\" directive is duplicate" },

        { "distill_guard_limit key;", 1, "invalid number of arguments" },
        { "distill_guard_limit ip requests=1/s;", 1,
          "unknown subject \"ip\": use key, account, origin, asn or campaign "
          "in \"distill_guard_limit\"" },
        { "distill_guard_limit key requests=0/s;", 1, "invalid rate \"0/s\"" },
        { "distill_guard_limit key requests=1/s requests=2/s;", 1,
          "\"key requests=2/s\" in \"distill_guard_limit\" limits again" },

        { "distill_guard_signal relay;", 1, "invalid number of arguments" },
        { "distill_guard_signal relay soft=1 hard=2 points=3 off;", 1,
          "invalid number of arguments" },
        { "\ndistill_guard_signal relays off;", 2, "unknown signal "
          "\"relays\" in \"distill_guard_signal\": use provenance, " },
        { "distill_guard_signal relay soft=x;", 1, "invalid parameter "
          "\"soft=x\" in \"distill_guard_signal relay\"" },
        { "distill_guard_signal relay off;\ndistill_guard_signal relay "
          "off;", 2, "\"distill_guard_signal relay\" sets again" },
        { "distill_guard_action tag score=99;\n"
          "distill_guard_signal relay hard=0;", 2,
          "soft= and hard= of \"distill_guard_signal relay\" are both 0" },
        { "distill_guard_action tag;", 1, "invalid number of arguments" },
        { "distill_guard_action block score=9 for=0;", 1, "invalid parameter "
          "\"for=0\" in \"distill_guard_action block\"" },
        { "distill_guard off;\ndistill_guard_action pace score=50;\n\n", 2,
          "pace at score 50 is never reached: throttle begins at 45" }
    };

    for (i = 0; i < dg_nelts(bad); i++) {
        if (!dg_ok(!reads(bad[i].conf) && line == bad[i].line
                   && strncmp(error, bad[i].said, strlen(bad[i].said)) == 0,
                   "line %u: %s", bad[i].line, bad[i].said))
        {
            printf("# line %u: %s\n", line, error);
        }
    }
}


static void
test_mutations(void)
{
    u_char     *copy;
    size_t      i, n, len;
    uint64_t    seed;
    unsigned    round, good;

    static const char  conf[] =
        "distill_guard_zone zone=guard:64m; distill_guard enforce;"
        "distill_guard_limit key requests=600/m 'output_tokens=2m/d'; # x\n"
        "distill_guard_geoip asn \"a\\\\b.mmdb\"; distill_guard_key ${x}y;";
    static const char  special[] = "\"'\\;{}# \n$0=:/";

    seed = 5;
    good = 0;

    for (round = 0; round < MUTATIONS; round++) {
        n = dg_test_random(&seed) % 4;
        len = n == 3 ? dg_test_random(&seed) % sizeof(conf)
                     : sizeof(conf) - 1;

        /* right before memory that is not to be touched */

        copy = malloc(len ? len : 1);
        memcpy(copy, conf, len);

        for (i = 0; i < n && len; i++) {
            copy[dg_test_random(&seed) % len]
                = special[dg_test_random(&seed) % (sizeof(special) - 1)];
        }

        good += dg_settings_read(&s, copy, len, &line, error) == DG_OK;
        free(copy);
    }

    dg_ok(good > MUTATIONS / 8 && good < MUTATIONS,
          "%u of %u mutations are good, all do no harm", good, MUTATIONS);
}


int
main(void)
{
    test_words();
    test_good();
    test_all_limits();
    test_bad();
    test_mutations();

    return dg_done();
}

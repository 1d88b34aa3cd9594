/*
 * Copyright (C) 2026 Distill Guard
 *
 * Where Redis is: what each form means, and what is said of those that are
 * none.
 */


#include "dg_test.h"
#include "dg_url.h"


typedef struct {
    const char  *text;
    const char  *read;           /* kind tls user place master db hosts */
} good_t;


typedef struct {
    const char  *text;
    const char  *said;
} bad_t;


static const good_t  good[] = {
    { "redis://10.0.0.7", "0 0 - 10.0.0.7 - 0 10.0.0.7:6379" },
    { "redis://10.0.0.7/", "0 0 - 10.0.0.7/ - 0 10.0.0.7:6379" },
    { "REDIS://redis.example:6380/3",
      "0 0 - redis.example:6380/3 - 3 redis.example:6380" },
    { "redis://guard@[2001:db8::7]:1/2",
      "0 0 guard [2001:db8::7]:1/2 - 2 2001:db8::7:1" },
    { "redis://[::1]", "0 0 - [::1] - 0 ::1:6379" },
    { "rediss://h", "0 1 - h - 0 h:6379" },
    { "unix:/run/r.sock", "1 0 - /run/r.sock - 0 /run/r.sock:0" },
    { "unix:///run/r.sock?db=2",
      "1 0 - /run/r.sock?db=2 - 2 /run/r.sock:0" },
    { "unix://guard@/run/r.sock",
      "1 0 guard /run/r.sock - 0 /run/r.sock:0" },
    { "sentinel://a,b:5,[::1]:7/mymaster",
      "2 0 - a,b:5,[::1]:7/mymaster mymaster 0 a:26379 b:5 ::1:7" },
    { "sentinels://guard@a/mymaster/4",
      "2 1 guard a/mymaster/4 mymaster 4 a:26379" },
    { "cluster://a,b:7000", "3 0 - a,b:7000 - 0 a:6379 b:7000" },
    { "clusters://guard@a/", "3 1 guard a/ - 0 a:6379" }
};


static const bad_t  bad[] = {
    { "", "invalid URL \"\": write redis://[user@]host" },
    { "10.0.0.7:6379", "invalid URL \"10.0.0.7:6379\": write redis://" },
    { "http://10.0.0.7", "invalid URL" },
    { "redis://", "no host in the URL \"redis://\"" },
    { "redis:///3", "no host" },
    { "redis://a:", "invalid port \"\"" },
    { "redis://a:0", "invalid port \"0\"" },
    { "redis://a:65536", "invalid port \"65536\"" },
    { "redis://a:99999999999999999999", "invalid port" },
    { "redis://a:1x", "invalid port \"1x\"" },
    { "redis://[::1", "invalid address \"[::1\"" },
    { "redis://[::1]6379", "invalid address" },
    { "redis://a/first", "invalid database \"first\", which is a number," },
    { "redis://a/1000000", "invalid database" },
    { "redis://u:the-password@a", "holds a password" },
    { "unix:", "no path of a socket in the URL" },
    { "unix:/r?user=x", "invalid database \"user=x\"" },
    { "sentinel://a,b", "no name of a master" },
    { "sentinel://a,b/", "no name of a master" },
    { "sentinel://,b/m", "no host" },
    { "sentinel://a/m/x", "invalid database" },
    { "cluster://a,", "no host" },
    { "cluster://a/3", "one database" },
    { "cluster://1,2,3,4,5,6,7,8,9,a,b,c,d,e,f,g,h", "more than 16 hosts" }
};


static const char *
shown(const dg_url_t *url)
{
    static char  text[1024];

    char      *p;
    unsigned   i;

    p = text + sprintf(text, "%d %u %.*s %.*s %.*s %u", url->kind, url->tls,
                       url->user.len ? (int) url->user.len : 1,
                       url->user.len ? (const char *) url->user.data : "-",
                       (int) url->place.len, (const char *) url->place.data,
                       url->master.len ? (int) url->master.len : 1,
                       url->master.len ? (const char *) url->master.data
                                       : "-",
                       url->db);

    for (i = 0; i < url->n; i++) {
        p += sprintf(p, " %.*s:%u", (int) url->hosts[i].host.len,
                     (const char *) url->hosts[i].host.data,
                     url->hosts[i].port);
    }

    return text;
}


/* so that a look beyond the end is seen */

static int
parse(dg_url_t *url, const char *text, char error[DG_URL_ERROR])
{
    static u_char  copy[4096];   /* the text lies at its end */

    dg_str_t  s;

    s.len = strlen(text);
    s.data = memcpy(copy + sizeof(copy) - s.len, text, s.len);

    return dg_url_parse(url, &s, error);
}


int
main(void)
{
    int       rc;
    char      error[DG_URL_ERROR], longer[2048];
    size_t    i;
    dg_url_t  url;

    for (i = 0; i < dg_nelts(good); i++) {
        rc = parse(&url, good[i].text, error);

        dg_ok(rc == DG_OK && strcmp(shown(&url), good[i].read) == 0,
              "%s: %s", good[i].text, rc == DG_OK ? shown(&url) : error);
    }

    for (i = 0; i < dg_nelts(bad); i++) {
        error[0] = '\0';
        rc = parse(&url, bad[i].text, error);

        dg_ok(rc == DG_ERROR && strstr(error, bad[i].said) != NULL,
              "%s: %s", bad[i].text, error);
        dg_ok(strstr(error, "the-password") == NULL, "no password is told");
    }

    memset(longer, 'h', sizeof(longer) - 1);
    memcpy(longer, "redis://", 8);
    longer[sizeof(longer) - 1] = '\0';

    rc = parse(&url, longer, error);

    dg_ok(rc == DG_ERROR && strstr(error, "too long") != NULL
          && strlen(error) < DG_URL_ERROR, "a host that is too long");

    return dg_done();
}

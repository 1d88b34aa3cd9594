# Distill Guard. "make help" lists the targets. What is built goes to $(BUILD),
# and only packages of npm go elsewhere, to node_modules in t/sdk and t/page.

SHELL = /bin/bash

# command line variables reach the tools through the environment; nginx's
# own makefile must not see them

MAKEOVERRIDES =

# perl complains about a locale that is named but not installed

export LC_ALL := C

ifneq ($(words $(CURDIR)),1)
$(error nginx cannot be built in a directory with a space in its name)
endif

ifeq ($(origin CC),default)
CC = gcc
endif

BUILD ?= build
override BUILD := $(abspath $(BUILD))

ifneq ($(filter $(BUILD)/%,$(CURDIR)/),)
$(error BUILD=$(BUILD) holds the sources, and "make clean" would remove them)
endif

JOBS ?= $(shell nproc 2>/dev/null || echo 2)
TESTS ?= $(wildcard t/*.t) $(wildcard t/sdk/*.t)

MODULE := $(BUILD)/ngx_distill_guard_module.so
CTL := $(BUILD)/distillctl
CTL_MAN := $(BUILD)/distillctl.8
CTL_BASH := $(BUILD)/distillctl.bash
STATIC_NGINX := $(BUILD)/nginx-static/nginx

# The nginx in use. Never in a variable called NGINX: nginx takes inherited
# sockets from that one.

ifneq ($(NGINX_SRC),)
override NGINX_SRC := $(abspath $(NGINX_SRC))
NGINX_BIN ?= $(if $(STATIC),$(STATIC_NGINX),$(NGINX_SRC)/objs/nginx)
endif

ifndef NGINX_BIN
NGINX_BIN := $(or $(shell command -v nginx 2>/dev/null),/usr/sbin/nginx)
endif

# for a source tree that was not configured

NGINX_ARGS ?= --with-compat --with-debug --with-threads \
    --with-http_ssl_module --with-http_v2_module --with-http_realip_module \
    --with-http_auth_request_module --with-http_sub_module

export BUILD NGINX_SRC NGINX_BIN NGINX_ARGS CC CC_OPT LD_OPT \
    MODULE STATIC TESTS

# what the tests, the demonstration and the bench are told; no module means
# that nginx has it linked in

export DG_MODULE := $(if $(STATIC),,$(MODULE))
export DG_NGINX := $(abspath $(NGINX_BIN))
export DG_CTL := $(CTL)

# Debian's packages; command=package is needed only without the command

PKG_BUILD = gcc make libc6-dev libhiredis-dev libjansson-dev \
    libmaxminddb-dev libssl-dev \
    $(if $(NGINX_SRC),,nginx nginx-dev)
PKG_RUN = curl perl redis-server
PKG_TEST = nghttp2-client promtool=prometheus openssl \
    libmaxmind-db-writer-perl libfaketime npm=npm chromium groff=groff-base
PKG_BENCH = libmaxmind-db-writer-perl libnginx-mod-http-lua lua-cjson \
    libnginx-mod-http-modsecurity
PKG_LEDGER = valgrind

SRC := ngx_distill_guard_module
MODULE_DIRS := core geo nginx redis
SOURCES := $(wildcard $(MODULE_DIRS:%=$(SRC)/%/*.c))
HEADERS := $(wildcard $(MODULE_DIRS:%=$(SRC)/%/*.h))
PAGE := $(wildcard $(SRC)/page/*)
CTL_DIRS := core geo ctl
CTL_SOURCES := $(wildcard $(CTL_DIRS:%=$(SRC)/%/*.c))
CTL_HEADERS := $(wildcard $(CTL_DIRS:%=$(SRC)/%/*.h))
CORE := $(basename $(notdir $(wildcard $(SRC)/core/*.c)))
UNIT := $(basename $(notdir $(wildcard t/unit/*.c)))

sub_make = $(MAKE) --silent --no-print-directory \
    $(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS))

.PHONY: all static install deps deps-run deps-bench deps-ledger unit \
    unit-programs style test run cluster bench ledger eval eval-signals trace \
    fuzz fuzz-programs fuzz-replay fuzz-replay-programs clean help settings
.DELETE_ON_ERROR:

all: $(if $(STATIC),static,$(MODULE)) $(CTL)	## build the module and the tool


# the module, loadable

$(MODULE): $(BUILD)/nginx/Makefile $(SOURCES) $(HEADERS) $(PAGE)
	+@$(sub_make) -C $(BUILD)/nginx/tree -f $(BUILD)/nginx/Makefile \
	    $(BUILD)/nginx/$(@F)
	@install -m 644 $(BUILD)/nginx/$(@F) $@
	@t/tools/nginx.sh load
	@echo $@

$(BUILD)/nginx/Makefile: $(BUILD)/nginx.settings config config.make \
    t/tools/nginx.sh
	@t/tools/nginx.sh configure dynamic

# rewritten only when it changes

$(BUILD)/%.settings: settings
	@mkdir -p $(@D)
	@t/tools/nginx.sh settings > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@


# nginx with the module linked in

static: $(STATIC_NGINX)	## build nginx with the module linked in

$(STATIC_NGINX): $(BUILD)/nginx-static/Makefile $(SOURCES) $(HEADERS) \
    $(PAGE)
	+@$(sub_make) -C $(BUILD)/nginx-static/tree \
	    -f $(BUILD)/nginx-static/Makefile binary
	@touch $@
	@echo $@

$(BUILD)/nginx-static/Makefile: $(BUILD)/nginx-static.settings config \
    config.make t/tools/nginx.sh
ifeq ($(NGINX_SRC),)
	@echo "make static: say where nginx's sources are: NGINX_SRC=dir"; false
else
	@t/tools/nginx.sh configure static
endif


# the tool; as one unit, for it is to read a day's events in a minute or two

CTL_CFLAGS = -std=gnu99 -g -O3 $(if $(findstring clang,$(CC)),,-flto=auto) \
    -Wall -Wextra -Wpointer-arith -Werror $(CTL_DIRS:%=-I $(SRC)/%) $(CC_OPT)

$(CTL): $(CTL_SOURCES) $(CTL_HEADERS)
	@mkdir -p $(@D)
	@$(CC) $(CTL_CFLAGS) -o $@ $(CTL_SOURCES) $(LD_OPT) -lmaxminddb \
	    -lhiredis -ljansson -lssl -lcrypto -lm
	@echo $@


$(CTL_MAN): $(CTL)
	@$(CTL) man > $@

$(CTL_BASH): $(CTL)
	@$(CTL) completion bash > $@


PREFIX ?= /usr
SHARE = $(DESTDIR)$(PREFIX)/share

install: $(MODULE) $(CTL) $(CTL_MAN) $(CTL_BASH)	## install all (DESTDIR=dir, PREFIX=/usr)
	@dir=$$(t/tools/nginx.sh modules-path) \
	    && install -D -m 644 -t "$(DESTDIR)$$dir" $(MODULE) \
	    && echo "$(DESTDIR)$$dir/$(notdir $(MODULE))"
	@install -D -m 755 -t "$(DESTDIR)$(PREFIX)/bin" $(CTL)
	@echo "$(DESTDIR)$(PREFIX)/bin/$(notdir $(CTL))"
	@install -D -m 644 -t "$(SHARE)/man/man8" $(CTL_MAN)
	@install -D -m 644 $(CTL_BASH) \
	    "$(SHARE)/bash-completion/completions/$(notdir $(CTL))"

deps:			## install the Debian packages missing (needs root)
	@t/tools/deps.sh $(PKG_BUILD) $(PKG_RUN) $(PKG_TEST) $(PKG_LEDGER)

deps-run:		## those of building and running alone (needs root)
	@t/tools/deps.sh $(PKG_BUILD) $(PKG_RUN)

deps-bench:
	@t/tools/deps.sh $(PKG_BUILD) $(PKG_RUN) $(PKG_BENCH) $(PKG_LEDGER)

deps-ledger:
	@t/tools/deps.sh $(PKG_BUILD) $(PKG_LEDGER)


# Unit programs: all of core/, what they need of ctl/, and one t/unit/*_test.c
# each, built with each compiler there is; t/unit/*.c without _test are shared
# by all of them.

CLANG_ASAN := $(wildcard $(shell clang -print-resource-dir 2>/dev/null \
    || echo /none)/lib/*/libclang_rt.asan*)
COMPILERS := $(lastword $(CC)) $(if $(CLANG_ASAN),$(filter-out $(CC),clang))
UNIT_TESTS := $(filter %_test,$(UNIT))
UNIT_LIBS := -lmaxminddb -lhiredis -ljansson -lssl -lcrypto -lm
UNIT_SHARED := $(filter-out %_test,$(UNIT))
UNIT_CFLAGS := -g -O1 -Wall -Wextra -Wpointer-arith -Werror -MMD -MP \
    -fno-omit-frame-pointer -fsanitize=address,undefined \
    -fno-sanitize-recover=all $(CTL_DIRS:%=-I $(SRC)/%)
UNIT_CTL := $(basename $(filter-out %/distillctl.c,$(patsubst $(SRC)/%,%, \
    $(filter-out $(SRC)/core/%,$(CTL_SOURCES)))))

define unit_rules
UNIT_PROGRAMS += $(UNIT_TESTS:%=$(BUILD)/unit/$(1)/%)

$(UNIT_TESTS:%=$(BUILD)/unit/$(1)/%): %: %.o \
    $(UNIT_SHARED:%=$(BUILD)/unit/$(1)/%.o) \
    $(CORE:%=$(BUILD)/unit/$(1)/core/%.o) $(BUILD)/unit/$(1)/ctl.a
	@$(1) -fsanitize=address,undefined -o $$@ $$^ $(UNIT_LIBS)

$(BUILD)/unit/$(1)/ctl.a: $(UNIT_CTL:%=$(BUILD)/unit/$(1)/%.o)
	@rm -f $$@ && ar rcs $$@ $$^

$(UNIT_CTL:%=$(BUILD)/unit/$(1)/%.o): $(BUILD)/unit/$(1)/%.o: $(SRC)/%.c \
    Makefile
	@mkdir -p $$(@D)
	@$(1) -std=gnu99 $(UNIT_CFLAGS) -c -o $$@ $$<

$(BUILD)/unit/$(1)/core/%.o: $(SRC)/core/%.c Makefile
	@mkdir -p $$(@D)
	@$(1) -std=c99 -D_DEFAULT_SOURCE $(UNIT_CFLAGS) -c -o $$@ $$<

$(BUILD)/unit/$(1)/%.o: t/unit/%.c Makefile
	@mkdir -p $$(@D)
	@$(1) -std=gnu99 $(UNIT_CFLAGS) -I t/unit -c -o $$@ $$<

.SECONDARY: $(UNIT:%=$(BUILD)/unit/$(1)/%.o) \
    $(CORE:%=$(BUILD)/unit/$(1)/core/%.o)

-include $(wildcard $(UNIT:%=$(BUILD)/unit/$(1)/%.d) \
    $(CORE:%=$(BUILD)/unit/$(1)/core/%.d) \
    $(UNIT_CTL:%=$(BUILD)/unit/$(1)/%.d))
endef

$(foreach compiler,$(COMPILERS),$(eval $(call unit_rules,$(compiler))))

unit-programs: $(UNIT_PROGRAMS)

unit:			## test core/ alone, under sanitizers
	+@$(sub_make) unit-programs
	@prove -e '' $(sort $(UNIT_PROGRAMS))

# Fuzz targets, t/fuzz/*.c: with the corpus alone by any compiler, and with
# libFuzzer, which adds what it finds to $(BUILD)/fuzz/NAME.

FUZZ := $(filter-out replay,$(basename $(notdir $(wildcard t/fuzz/*.c))))
FUZZ_INCS := $(SRC)/core t/unit t/fuzz
FUZZ_CC := $(lastword $(CC))
FUZZ_CFLAGS := -g -O1 -Wall -Wextra -Wpointer-arith -Wno-unused-function -Werror \
    -fno-omit-frame-pointer -fno-sanitize-recover=all \
    $(FUZZ_INCS:%=-I %)
FUZZ_SANITIZE := -fsanitize=fuzzer-no-link,address,undefined

$(FUZZ:%=$(BUILD)/fuzz/%.replay): $(BUILD)/fuzz/%.replay: t/fuzz/%.c \
    t/fuzz/replay.c t/fuzz/fuzz.h \
    $(CORE:%=$(BUILD)/unit/$(FUZZ_CC)/core/%.o)
	@mkdir -p $(@D)
	@$(FUZZ_CC) -std=gnu99 $(FUZZ_CFLAGS) -fsanitize=address,undefined \
	    -o $@ $(filter %.c %.o,$^) -lm

$(FUZZ:%=$(BUILD)/fuzz/%.fuzz): $(BUILD)/fuzz/%.fuzz: t/fuzz/%.c \
    t/fuzz/fuzz.h $(BUILD)/fuzz/core.a
	@clang -std=gnu99 $(FUZZ_CFLAGS) -fsanitize=fuzzer,address,undefined \
	    -o $@ $(filter %.c %.a,$^) -lm

$(BUILD)/fuzz/core.a: $(CORE:%=$(BUILD)/fuzz/core/%.o)
	@rm -f $@ && ar rcs $@ $^

$(CORE:%=$(BUILD)/fuzz/core/%.o): $(BUILD)/fuzz/core/%.o: $(SRC)/core/%.c \
    $(wildcard $(SRC)/core/*.h)
	@mkdir -p $(@D)
	@clang -std=c99 -D_DEFAULT_SOURCE $(FUZZ_CFLAGS) $(FUZZ_SANITIZE) \
	    -c -o $@ $<

fuzz-replay-programs: $(FUZZ:%=$(BUILD)/fuzz/%.replay)

fuzz-programs: $(FUZZ:%=$(BUILD)/fuzz/%.fuzz)

fuzz-replay:		## give the fuzz targets their corpus
	+@$(sub_make) fuzz-replay-programs
	@for name in $(FUZZ); do \
	    echo "$$name: $$($(BUILD)/fuzz/$$name.replay t/fuzz/corpus/$$name)" \
	        || exit 1; \
	done

fuzz:			## fuzz each target for TIME=60 seconds (FUZZ="json sse")
	+@$(sub_make) fuzz-programs
	@t/tools/fuzz.sh $(FUZZ)

style:			## check the form of the C sources
	@perl t/tools/style.pl $(SRC) t

test:			## install what is missing, build, run every test
	@t/tools/test.sh

run: deps-run		## a guarded stack with real traffic (ONCE=1 ends it)
	+@$(MAKE) --silent all
	@ONCE=$(ONCE) perl -It/lib t/tools/run.pl

cluster: deps-run	## three nodes before a Redis Cluster (ONCE=1 ends it)
	+@$(MAKE) --silent all
	@ONCE=$(ONCE) perl -It/lib t/tools/cluster.pl

bench: deps-bench	## compare the cost with no guard and with others
	+@$(MAKE) --silent all $(BUILD)/bench/load $(BUILD)/bench/stages
	@t/bench/run

ledger: deps-ledger	## instructions of what the guard does (BASE=revision)
	+@$(MAKE) --silent $(BUILD)/bench/stages
	@t/bench/ledger

export BENCH_CFLAGS := -std=gnu99 -g -O2 -Wall -Wextra -Wpointer-arith -Werror

$(BUILD)/bench/load: $(addprefix t/bench/,load.c client.c model.c bench.c \
    load.h bench.h)
	@mkdir -p $(@D)
	@$(CC) $(BENCH_CFLAGS) -o $@ $(filter %.c,$^)

$(BUILD)/bench/stages: $(addprefix t/bench/,stages.c stores.c bench.c \
    stages.h bench.h) $(wildcard $(SRC)/core/*.[ch])
	@mkdir -p $(@D)
	@$(CC) $(BENCH_CFLAGS) -I $(SRC)/core -o $@ $(filter %.c,$^) -lm

# The evaluation: traffic is composed and driven through the tool's replay.

eval: $(CTL) $(BUILD)/eval/compose	## judge it by traffic (DG_DATA=dir, SEEDS=n)
	@t/eval/run $(if $(STRICT),--strict)

eval-signals: $(CTL) $(BUILD)/eval/compose	## what each signal is there for
	+@$(sub_make) $(patsubst %,$(BUILD)/unit/$(lastword $(CC))/%, \
	    $(filter signal_%,$(UNIT_TESTS)))
	@perl t/tools/signals.pl $(if $(STRICT),--strict)

# a trace to practice on, of honest traffic and four pools

trace: $(CTL) $(BUILD)/eval/compose	## compose traffic to practice on (docs/tuning.md)
	@mkdir -p $(BUILD)/trace
	@$(BUILD)/eval/compose -l hosting > $(BUILD)/trace/hosting.txt
	@$(BUILD)/eval/compose -w pools -s 1 -S 0.3 -T 0.3 \
	    -t $(BUILD)/trace/trace.jsonl > /dev/null
	@echo $(BUILD)/trace/trace.jsonl

$(BUILD)/eval/compose: $(wildcard t/eval/*.c) t/eval/eval.h
	@mkdir -p $(@D)
	@$(CC) $(BENCH_CFLAGS) -o $@ $(filter %.c,$^) -lm

clean:			## remove everything built
	rm -rf $(BUILD) t/sdk/node_modules t/page/node_modules

help:			## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile \
	    | expand -t 14
	@echo 'NGINX_SRC=dir builds against that tree, STATIC=1 with it makes'
	@echo 'test, run and bench use the nginx built from it; NGINX_BIN=file,'
	@echo 'BUILD=dir, CC=clang, CC_OPT=, LD_OPT=, TESTS="t/a.t t/b.t".'

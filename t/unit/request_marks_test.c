/*
 * Copyright (C) 2026 Distill Guard
 *
 * Marks of a request, and whether it asks for reasoning.
 */


#include "request_kit.h"


static unsigned
same_marks(const dg_few_marks_t *a, const dg_few_marks_t *b)
{
    unsigned  i;

    if (a->n == 0 || a->n != b->n) {
        return 0;
    }

    for (i = 0; i < a->n; i++) {
        if (a->kind[i] != b->kind[i] || a->value[i] != b->value[i]) {
            return 0;
        }
    }

    return 1;
}


#define FRAME  "Name the capital of the country that the traveller below "    \
               "comes from, and nothing else."


/* the first message of the user, however it is said */

static void
test_marks(void)
{
    size_t              i;
    unsigned            other;
    dg_few_marks_t      text;
    dg_request_facts_t  facts;

    static const struct {
        const char  *path;
        const char  *body;
    } bodies[] = {
        { CHAT, "{\"messages\":[{\"role\":\"system\",\"content\":\"Be quick "
          "and do not say more than you are asked for\"},"
          "{\"role\":\"user\",\"content\":\"" FRAME "\"}]}" },
        { CHAT, "{\"messages\":[{\"content\":\"Be quick and do not say more "
          "than you are asked for\",\"role\":\"system\"},"
          "{\"content\":\"" FRAME "\",\"role\":\"user\"},"
          "{\"content\":\"And then tell me what they eat over there for "
          "breakfast\",\"role\":\"user\"}]}" },
        { CHAT, "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
          "\"text\",\"text\":\"" FRAME "\"},{\"type\":\"image_url\","
          "\"image_url\":{\"url\":\"https://example.com/"
          "aportraitofatravellerfromafar.png\"}}]}]}" },
        { RESPONSES, "{\"instructions\":\"Be quick\",\"input\":\"" FRAME
          "\"}" },
        { RESPONSES, "{\"input\":[{\"role\":\"user\",\"content\":[{\"type\":"
          "\"input_text\",\"text\":\"" FRAME "\"}]}]}" },
        { COMPLETIONS, "{\"prompt\":\"" FRAME "\"}" },
        { COMPLETIONS, "{\"prompt\":[\"" FRAME "\",\"And what do they eat "
          "over there for breakfast?\"]}" },
        { MESSAGES, "{\"system\":\"Be quick and do not say more than you are "
          "asked for\",\"messages\":[{\"role\":\"user\",\"content\":\"" FRAME
          "\"}]}" },
        { GEMINI, "{\"contents\":[{\"parts\":[{\"text\":\"" FRAME "\"}]}],"
          "\"systemInstruction\":{\"parts\":[{\"text\":\"Be quick\"}]}}" },
        { OLLAMA, "{\"messages\":[{\"role\":\"user\",\"content\":\"" FRAME
          "\"}]}" },
        { GENERATE, "{\"prompt\":\"" FRAME "\",\"system\":\"Be quick\"}" }
    };

    memset(&text, 0, sizeof(text));

    for (i = 0; i < dg_nelts(bodies); i++) {
        other = read_request(&facts, bodies[i].path, bodies[i].body);

        if (i == 0) {
            text = facts.marks;
        }

        dg_ok(other == 0 && same_marks(&facts.marks, &text),
              "marks: the same of the same text in %s, %u",
              bodies[i].path, (unsigned) i);
    }

    facts = facts_of(CHAT, "{\"messages\":[{\"role\":\"user\",\"content\":["
                           "{\"type\":\"text\",\"text\":\"One, two, three, "
                           "what is it that you see\"},{\"type\":\"text\","
                           "\"text\":\"if you are to look at a clock\"}]}]}");
    text = facts.marks;
    facts = facts_of(COMPLETIONS, "{\"prompt\":\"One, two, three, what is it "
                                  "that you see\\nif you are to look at a "
                                  "clock\"}");
    dg_ok(same_marks(&facts.marks, &text), "parts are separate words");
}


static void
test_no_marks(void)
{
    size_t              i;
    dg_request_facts_t  facts;

    static const struct {
        const char  *name;
        const char  *path;
        const char  *body;
    } bodies[] = {
        { "somebody has answered", CHAT,
          "{\"messages\":[{\"role\":\"user\",\"content\":\"" FRAME "\"},"
          "{\"role\":\"assistant\",\"content\":\"Paris\"},"
          "{\"role\":\"user\",\"content\":\"" FRAME "\"}]}" },
        { "a tool has", CHAT,
          "{\"messages\":[{\"role\":\"user\",\"content\":\"" FRAME "\"},"
          "{\"role\":\"tool\",\"content\":\"Paris\"}]}" },
        { "only the system speaks", CHAT,
          "{\"messages\":[{\"role\":\"system\",\"content\":\"" FRAME
          "\"}]}" },
        { "tokens", COMPLETIONS,
          "{\"prompt\":[[1,2,3],\"" FRAME "\"]}" },
        { "the first message is an image", CHAT,
          "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
          "\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,"
          "aVeryLongImageThatIsAllOfLettersOfBaseSixtyFour\"}}]},"
          "{\"role\":\"user\",\"content\":\"" FRAME "\"}]}" },
        { "cut off", CHAT,
          "{\"messages\":[{\"role\":\"user\",\"content\":\"" FRAME }
    };

    for (i = 0; i < dg_nelts(bodies); i++) {
        facts = facts_of(bodies[i].path, bodies[i].body);
        dg_ok(facts.marks.n == 0, "no marks: %s", bodies[i].name);
    }
}


static void
test_traces(void)
{
    size_t              i;
    unsigned            other;
    dg_request_facts_t  facts;

    static const struct {
        const char  *name;
        const char  *path;
        const char  *body;
        unsigned     traces;
    } bodies[] = {
        { "the user", CHAT,
          "{\"messages\":[{\"role\":\"user\",\"content\":\"Well. Think "
          "\\u200bSTEP\\n  by step\\tnow.\"}]}", 1 },
        { "the system", MESSAGES,
          "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],"
          "\"system\":[{\"type\":\"text\",\"text\":\"Think step by "
          "step\"}]}", 1 },
        { "an earlier message", CHAT,
          "{\"messages\":[{\"role\":\"user\",\"content\":\"Think step by "
          "step\"},{\"role\":\"assistant\",\"content\":\"I do\"},"
          "{\"role\":\"user\",\"content\":\"Good\"}]}", 1 },
        { "a prompt", COMPLETIONS, "{\"prompt\":\"Think step by step\"}", 1 },
        { "the assistant", CHAT,
          "{\"messages\":[{\"content\":\"Think step by step\",\"role\":"
          "\"assistant\"},{\"role\":\"assistant\",\"content\":\"Think step "
          "by step\"}]}", 0 },
        { "a tool", CHAT,
          "{\"messages\":[{\"content\":\"Think step by step\",\"role\":"
          "\"tool\"}]}", 0 },
        { "a description of a tool", CHAT,
          "{\"tools\":[{\"function\":{\"name\":\"a\",\"description\":"
          "\"Think step by step\"}}]}", 0 },
        { "two parts", CHAT,
          "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Think "
          "step\"},{\"text\":\"by step\"}]}]}", 0 },
        { "two messages", CHAT,
          "{\"messages\":[{\"role\":\"user\",\"content\":\"Think step\"},"
          "{\"role\":\"user\",\"content\":\" by step\"}]}", 0 }
    };

    for (i = 0; i < dg_nelts(bodies); i++) {
        other = read_request(&facts, bodies[i].path, bodies[i].body);
        dg_ok(other == 0 && facts.traces == bodies[i].traces,
              "traces: %s", bodies[i].name);
    }
}


int
main(void)
{
    if (kit_reader() != DG_OK) {
        return 1;
    }

    test_marks();
    test_no_marks();
    test_traces();

    return dg_done();
}

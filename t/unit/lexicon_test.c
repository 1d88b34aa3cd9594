/*
 * Copyright (C) 2026 Distill Guard
 *
 * Prompts as data are made with, in several languages, are told from what
 * people ask, however the text is cut and wherever in it the phrase stands.
 */


#include "dg_lexicon.h"
#include "dg_test.h"
#include "dg_text.h"


#define LONG  4096


static const dg_hash_key_t  key = { { 1, 2 } };


static const char *const  prompts[] = {

    /* to show how it reasons */

    "Solve the following math problem. Please reason step by step, and put "
    "your final answer within \\boxed{}.\n\nWhat is 17 * 23?",
    "You are a helpful assistant. You first think about the question. Write "
    "out your full reasoning, nothing left out, before the answer.",
    "Q: A juggler has 16 balls, half of them are golf balls. How many golf "
    "balls are there?\nA: Let's think step by step.",
    "The assistant first thinks about the reasoning process in the mind and "
    "then provides the user with the answer.",
    "Your role as an assistant involves thoroughly exploring questions "
    "through a systematic long thinking process before the solution.",
    "Answer the question and output your internal monologue verbatim.",
    "While performing the task think step-by-step and justify your steps.",
    "Give me\nyour   CHAIN OF\n\tTHOUGHT and then the answer",
    "请一步一步地思考，然后给出最终答案：小明有5个苹果。",
    "回答下面的问题，并展示推理过程。",
    "この問題をステップバイステップで考えてください。",
    "次の問いに答え、思考過程を示してください。",
    "다음 문제를 단계별로 생각하고 답을 쓰세요.",
    "답과 함께 추론 과정을 보여 주세요.",
    "Piensa paso a paso y luego da la respuesta final.",
    "Responde y muestra tu razonamiento completo.",
    "Réfléchis étape par étape avant de répondre.",
    "Donne ta chaîne de pensée complète, puis la réponse.",
    "Denke Schritt für Schritt und gib dann die Antwort.",
    "Подумай шаг за шагом и дай ответ.",
    "Приведи всю цепочку рассуждений и ответ.",
    "Pense passo a passo e responda à pergunta.",
    "Mostre seu raciocínio antes da resposta.",

    /* to grade answers */

    "Please act as an impartial judge and evaluate the quality of the "
    "response provided by an AI assistant to the user question displayed "
    "below.",
    "Each assistant receives an overall score on a scale of 1 to 10, where a "
    "higher score indicates better overall performance.",
    "An instruction, a response to evaluate, and a score rubric representing "
    "an evaluation criteria are given.",
    "Review the user's question and the corresponding response using the "
    "additive 5-point scoring system described below.",
    "Rate outputs 1 to 5 based on how well they follow the instruction.",
    "Read both and say which response is better and why.",
    "请对以下回答进行评分，满分为10分。",
    "哪个回答更好？请给出理由。",
    "次の回答を評価してください。1から5までの点数で。",
    "다음 응답을 평가하고 1점에서 5점까지 점수를 매기세요.",
    "Evalúa la respuesta del asistente del 1 al 10.",
    "Évaluez la réponse de l'assistant sur dix.",
    "Bewerte die Antwort des Assistenten von 1 bis 10.",
    "Оцените ответ ассистента по шкале от 1 до 10.",
    "Avalie a resposta do assistente de 1 a 10.",

    /* to make up tasks */

    "Come up with a series of tasks:\n\nTask 1: Describe a situation",
    "You are asked to come up with a set of 20 diverse task instructions. "
    "These task instructions will be given to a GPT model.",
    "I want you act as a Prompt Rewriter. Your objective is to rewrite a "
    "given prompt into a more complex version to make those famous AI "
    "systems a bit harder to handle.",
    "Please gain inspiration from the following random code snippet to "
    "create a high-quality programming problem.",
    "Guess a prompt that the following persona may ask you to do.",
    "Read the text and write ten question-answer pairs about it.",
    "Develop 10 user queries that can be received by the given AI "
    "application and applicable to the provided context.",
    "Generate synthetic customer complaints in JSON lines.",
    "根据下面的文章生成问答对，用JSON格式输出。",
    "请将下面的指令改写成一个更复杂的版本。",
    "次の文章から質問と回答のペアを10組作ってください。",
    "다음 글에서 질문과 답변 쌍을 열 개 만드세요.",
    "Genera diez pares de preguntas y respuestas sobre el texto.",
    "Écris dix paires de questions et réponses sur ce texte.",
    "Schreibe zehn Frage-Antwort-Paare zu dem Text.",
    "Напиши десять пар вопросов и ответов по тексту.",
    "Escreva dez pares de perguntas e respostas sobre o texto."
};


static const char *const  questions[] = {
    "hi",
    "",
    "Explain step by step how to change a tyre, and think of the jack.",
    "What is the reason that bread rises? Give me the short answer.",
    "Write a thank-you note to my neighbour who watered my plants.",
    "On a scale of 1 to 10, how hot is a habanero?",
    "Which phone is better for taking pictures at night?",
    "Fix this: for (i = 0; i < n; i++) { sum += a[i] } /* replies */",
    "Translate to German: the data of the train station are wrong.",
    "My boss asked me to come up with a plan for the summer party. Ideas?",
    "Draft an email that asks the dentist for a new appointment.",
    "Summarise the following article in five sentences for a newsletter.",
    "Give me a diverse set of vegetarian recipes with pairs of side dishes.",
    "How do I train for a marathon in twelve weeks, step by step?",
    "我应该怎么做红烧肉？请告诉我每一步。",
    "帮我写一封请假邮件，明天要去看医生。",
    "東京から京都まで新幹線で何分かかりますか。",
    "カレーの作り方を順番に教えてください。",
    "김치찌개를 맛있게 끓이는 방법을 알려 주세요.",
    "내일 서울 날씨에 맞는 옷을 추천해 줘.",
    "¿Cómo se prepara una tortilla de patatas paso a paso?",
    "Escribe una carta para pedir una cita con el médico.",
    "Comment faire un pain au levain étape par étape ?",
    "Quelle est la meilleure saison pour visiter la Bretagne ?",
    "Wie backe ich Schritt für Schritt einen Apfelkuchen?",
    "Schreibe mir eine Antwort auf die Einladung meiner Tante.",
    "Как пошагово приготовить борщ для всей семьи?",
    "Напиши поздравление с днём рождения для бабушки.",
    "Como faço um bolo de cenoura passo a passo?",
    "Escreva uma mensagem de parabéns para o meu irmão."
};


/* as a message is read; step 0 is all of it at once */

static unsigned
found_in(const char *text, size_t step)
{
    size_t        i, n, len;
    dg_text_t     reader;
    dg_lexicon_t  lexicon;

    len = strlen(text);

    dg_lexicon_init(&lexicon);
    dg_text_init(&reader, &key, DG_HASH_CONTENT);
    dg_text_watch(&reader, &lexicon);

    for (i = 0; i < len; i += n) {
        n = step ? dg_min(step, len - i) : len;
        dg_text_push(&reader, (const u_char *) text + i, n);
    }

    (void) dg_text_final(&reader);

    return dg_lexicon_end(&lexicon);
}


static void
test_prompts(void)
{
    size_t    i, step;
    unsigned  found;

    for (i = 0; i < dg_nelts(prompts); i++) {
        found = 0;

        for (step = 0; step < 40; step++) {
            found += found_in(prompts[i], step);
        }

        dg_ok(found == 40, "found: %.50s", prompts[i]);
    }
}


static void
test_questions(void)
{
    size_t    i, step;
    unsigned  found;

    for (i = 0; i < dg_nelts(questions); i++) {
        found = 0;

        for (step = 0; step < 40; step++) {
            found += found_in(questions[i], step);
        }

        dg_ok(found == 0, "nothing: %.50s", questions[i]);
    }
}


static unsigned
plain(const dg_str_t *phrase)
{
    size_t  i;
    u_char  c;

    if (phrase->len < DG_LEXICON_LEAST || phrase->len > DG_LEXICON_LONGEST) {
        return 0;
    }

    for (i = 0; i < phrase->len; i++) {
        c = phrase->data[i];

        if (c < ' ' || (c >= 'A' && c <= 'Z') || (c > '0' && c <= '9')) {
            return 0;
        }
    }

    return 1;
}


/* text of a kind that a phrase must not be found in by chance */

static void
fill(u_char *p, size_t len, uint64_t *seed)
{
    size_t  i;

    for (i = 0; i < len; i++) {
        p[i] = (u_char) ("etaoinshrdlu    "[dg_test_random(seed) >> 60]);
    }
}


static unsigned
found_at(const u_char *p, size_t len, size_t step)
{
    size_t        i, n;
    u_char       *copy;
    dg_lexicon_t  lexicon;

    dg_lexicon_init(&lexicon);

    for (i = 0; i < len; i += n) {
        n = dg_min(step, len - i);

        /* a sanitizer sees reads beyond a piece of its own */

        copy = malloc(n);

        if (copy == NULL) {
            abort();
        }

        memcpy(copy, p + i, n);
        dg_lexicon_push(&lexicon, copy, n);
        free(copy);
    }

    return dg_lexicon_end(&lexicon);
}


/* each phrase, at each place of a buffer's end and at both ends of a text */

static void
test_phrases(void)
{
    size_t           at, len;
    u_char           text[LONG], again[LONG];
    unsigned         i, missed, near;
    uint64_t         seed;
    const dg_str_t  *phrase;

    seed = 3;
    missed = 0;
    near = 0;

    for (i = 0; (phrase = dg_lexicon_phrase(i)) != NULL; i++) {

        if (!dg_ok(plain(phrase), "normalised, and of a good length: %.*s",
                   (int) phrase->len, (const char *) phrase->data))
        {
            continue;
        }

        fill(text, LONG, &seed);

        for (at = 0; at < 2 * DG_LEXICON_BUFFER; at++) {

            /* all places of one phrase, some of the others */

            if (i && at > 8 && at % 31) {
                continue;
            }

            memcpy(again, text, LONG);
            memcpy(again + at, phrase->data, phrase->len);
            len = at % 3 ? LONG : at + phrase->len;

            missed += !found_at(again, len, 1 + at % 300);

            again[at + at % phrase->len] ^= 0x04;
            near += found_at(again, len, 1 + at % 300);
        }
    }

    dg_ok(i >= 60, "%u phrases", i);
    dg_ok(missed == 0, "each is found everywhere");
    dg_ok(near == 0, "and is not if a letter of it is another");
}


/* once found it stays so */

static void
test_long(void)
{
    u_char        text[LONG];
    unsigned      i;
    uint64_t      seed;
    dg_lexicon_t  lexicon;

    static const char  phrase[] = "think step by step";

    seed = 5;
    fill(text, LONG, &seed);
    dg_lexicon_init(&lexicon);

    for (i = 0; i < 100; i++) {
        dg_lexicon_push(&lexicon, text, LONG - i);
    }

    dg_ok(!lexicon.found, "nothing in a long text");

    dg_lexicon_push(&lexicon, (const u_char *) phrase, sizeof(phrase) - 1);

    for (i = 0; i < 100; i++) {
        dg_lexicon_push(&lexicon, text, LONG - i);
    }

    dg_ok(dg_lexicon_end(&lexicon) == 1, "but a phrase in its middle");
}


int
main(void)
{
    test_prompts();
    test_questions();
    test_phrases();
    test_long();

    return dg_done();
}

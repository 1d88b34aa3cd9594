/*
 * Copyright (C) 2026 Distill Guard
 *
 * Of all eight-byte words of a text, counted from its beginning, a phrase of
 * 15 bytes or more fills one at least, wherever it stands.  So each phrase is
 * entered by the eight words that it may show first, and of a text only every
 * eighth byte is looked up: in a bitmap, where nearly all words end, then in
 * a table of the phrases and where in them the word stands.
 *
 * The phrases are from papers and tools that are public, and what speakers
 * of other languages write for the same.  Only ASCII letters are lower-cased
 * in a text: a phrase that may begin a sentence with another letter is
 * written without it.  Digits are all 0.
 */


#include "dg_lexicon.h"
#include "dg_word.h"


#define DG_LEXICON_WORD   8
#define DG_LEXICON_BITS   1024   /* a power of two; words of the bitmap */
#define DG_LEXICON_SLOTS  4096   /* likewise, and well above all entries */

#define DG_LEXICON_MIX    0x9e3779b97f4a7c15ull

/* kept before the next word when the buffer is full; whole words */
#define DG_LEXICON_KEEP   DG_LEXICON_LONGEST


static void dg_lexicon_build(void);
static void dg_lexicon_scan(dg_lexicon_t *lexicon, unsigned end);
static unsigned dg_lexicon_look(const dg_lexicon_t *lexicon, unsigned at);


static const dg_str_t  dg_lexicon_phrases[] = {

    /* to show how it reasons */

    dg_string("think step by step"),
    dg_string("think step-by-step"),
    dg_string("reason step by step"),
    dg_string("reason step-by-step"),
    dg_string("step by step reasoning"),
    dg_string("step-by-step reasoning"),
    dg_string("a chain of thought"),
    dg_string("your chain of thought"),
    dg_string("your chain-of-thought"),
    dg_string("chain of thought reasoning"),
    dg_string("chain-of-thought reasoning"),
    dg_string("show your reasoning"),
    dg_string("all your reasoning"),
    dg_string("your full reasoning"),
    dg_string("your complete reasoning"),
    dg_string("your entire reasoning"),
    dg_string("your internal reasoning"),
    dg_string("your reasoning process"),
    dg_string("your thinking process"),
    dg_string("your full thought process"),
    dg_string("internal monologue"),
    dg_string("inner monologue"),
    dg_string("reasoning trace"),
    dg_string("justify your steps"),
    dg_string("put your final answer within"),
    dg_string("systematic long thinking process"),
    dg_string("thinks about the reasoning process"),
    dg_string("reasoning process and answer are enclosed"),
    dg_string("thinking content must be"),

    dg_string("请逐步思考"),
    dg_string("请逐步推理"),
    dg_string("请一步一步"),
    dg_string("一步一步地思考"),
    dg_string("一步步思考"),
    dg_string("請逐步思考"),
    dg_string("完整的推理过程"),
    dg_string("完整的推理過程"),
    dg_string("详细的推理过程"),
    dg_string("展示推理过程"),
    dg_string("你的推理过程"),
    dg_string("你的思考过程"),
    dg_string("完整的思维链"),
    dg_string("详细的思维链"),
    dg_string("你的思维链"),

    dg_string("ステップバイステップで考え"),
    dg_string("段階的に考え"),
    dg_string("思考過程をすべて"),
    dg_string("思考過程を示"),
    dg_string("推論過程を示"),
    dg_string("思考の連鎖"),

    dg_string("단계별로 생각"),
    dg_string("추론 과정을 보여"),
    dg_string("추론 과정을 모두"),
    dg_string("사고 과정을 보여"),
    dg_string("생각의 사슬"),

    dg_string("piensa paso a paso"),
    dg_string("pensemos paso a paso"),
    dg_string("razona paso a paso"),
    dg_string("razonamiento paso a paso"),
    dg_string("todo tu razonamiento"),
    dg_string("muestra tu razonamiento"),
    dg_string("cadena de pensamiento"),

    dg_string("réfléchis étape par étape"),
    dg_string("réfléchissez étape par étape"),
    dg_string("raisonne étape par étape"),
    dg_string("raisonnement étape par étape"),
    dg_string("tout ton raisonnement"),
    dg_string("montre ton raisonnement"),
    dg_string("montrez votre raisonnement"),
    dg_string("chaîne de pensée"),

    dg_string("denke schritt für schritt"),
    dg_string("denk schritt für schritt"),
    dg_string("denken sie schritt für schritt"),
    dg_string("zeige deinen gedankengang"),
    dg_string("deine gedankenkette"),
    dg_string("deinen vollständigen denkprozess"),

    dg_string("умай шаг за шагом"),
    dg_string("умайте шаг за шагом"),
    dg_string("ассуждай шаг за шагом"),
    dg_string("ассуждай пошагово"),
    dg_string("цепочку рассуждений"),
    dg_string("свои рассуждения"),

    dg_string("pense passo a passo"),
    dg_string("pensar passo a passo"),
    dg_string("raciocine passo a passo"),
    dg_string("raciocínio passo a passo"),
    dg_string("todo o seu raciocínio"),
    dg_string("mostre seu raciocínio"),
    dg_string("cadeia de pensamento"),


    /* to grade answers */

    dg_string("act as an impartial judge"),
    dg_string("user question displayed below"),
    dg_string("quality of the response"),
    dg_string("helpfulness, relevance, accuracy"),
    dg_string("score the response"),
    dg_string("rate the response"),
    dg_string("grade the response"),
    dg_string("evaluate the response"),
    dg_string("score each response"),
    dg_string("overall score on a scale of 0 to"),
    dg_string("response on a scale of 0 to"),
    dg_string("answer on a scale of 0 to"),
    dg_string("which response is better"),
    dg_string("which answer is better"),
    dg_string("according to the rubric"),
    dg_string("based on the rubric"),
    dg_string("score rubric representing"),
    dg_string("point scoring system"),
    dg_string("rate outputs 0 to 0"),
    dg_string("rank the models by"),
    dg_string("chosen and rejected"),

    dg_string("对以下回答进行评分"),
    dg_string("对回答进行评分"),
    dg_string("哪个回答更好"),
    dg_string("评分标准如下"),
    dg_string("公正的评判者"),
    dg_string("评估回答的质量"),

    dg_string("回答を評価してください"),
    dg_string("どちらの回答が"),
    dg_string("採点基準に"),

    dg_string("응답을 평가"),
    dg_string("답변을 채점"),
    dg_string("어느 응답이 더"),
    dg_string("채점 기준에 따라"),

    dg_string("evalúa la respuesta"),
    dg_string("califica la respuesta"),
    dg_string("qué respuesta es mejor"),
    dg_string("como juez imparcial"),

    dg_string("valuez la réponse"),
    dg_string("la qualité de la réponse"),
    dg_string("quelle réponse est la meilleure"),

    dg_string("bewerte die antwort"),
    dg_string("bewerten sie die antwort"),
    dg_string("welche antwort ist besser"),

    dg_string("цени ответ по шкале"),
    dg_string("цените ответ"),
    dg_string("какой ответ лучше"),
    dg_string("беспристрастного судьи"),

    dg_string("avalie a resposta"),
    dg_string("qual resposta é melhor"),
    dg_string("como um juiz imparcial"),


    /* to make up tasks */

    dg_string("come up with a series of tasks"),
    dg_string("diverse task instructions"),
    dg_string("into a more complex version"),
    dg_string("act as a prompt rewriter"),
    dg_string("rewrite the given prompt"),
    dg_string("create a brand new prompt"),
    dg_string("generate a new instruction"),
    dg_string("generate new instructions"),
    dg_string("diverse set of instructions"),
    dg_string("diverse set of questions"),
    dg_string("diverse set of prompts"),
    dg_string("diverse tasks that"),
    dg_string("question-answer pairs"),
    dg_string("question answer pairs"),
    dg_string("question and answer pairs"),
    dg_string("instruction-response pairs"),
    dg_string("user queries that can be received"),
    dg_string("inspiration from the following random"),
    dg_string("related to the following persona"),
    dg_string("that the following persona"),
    dg_string("generate synthetic"),
    dg_string("generate training data"),
    dg_string("generate training examples"),

    dg_string("生成新的指令"),
    dg_string("提出一系列任务"),
    dg_string("更复杂的版本"),
    dg_string("多样化的指令"),
    dg_string("多样化的问题"),
    dg_string("生成问答对"),
    dg_string("生成合成数据"),
    dg_string("生成训练数据"),

    dg_string("新しい指示を生成"),
    dg_string("質問と回答のペア"),
    dg_string("より複雑なバージョン"),
    dg_string("合成データを生成"),
    dg_string("一連のタスクを"),

    dg_string("새로운 지시문"),
    dg_string("질문과 답변 쌍"),
    dg_string("더 복잡한 버전"),
    dg_string("합성 데이터를 생성"),

    dg_string("genera una nueva instrucción"),
    dg_string("pares de preguntas y respuestas"),
    dg_string("pares de pregunta y respuesta"),
    dg_string("una versión más compleja"),
    dg_string("genera datos sintéticos"),

    dg_string("une nouvelle instruction"),
    dg_string("paires question-réponse"),
    dg_string("paires de questions et réponses"),
    dg_string("une version plus complexe"),

    dg_string("eine neue anweisung"),
    dg_string("frage-antwort-paare"),
    dg_string("eine komplexere version"),
    dg_string("generiere synthetische daten"),

    dg_string("новую инструкцию"),
    dg_string("пары вопрос-ответ"),
    dg_string("пар вопросов и ответов"),
    dg_string("более сложную версию"),
    dg_string("енерируй синтетические"),

    dg_string("uma nova instrução"),
    dg_string("pares de perguntas e respostas"),
    dg_string("uma versão mais complexa"),
    dg_string("gere dados sintéticos")
};


/*
 * Built by the first text of a process, which has one thread that reads.  An
 * entry is eight times the phrase, plus the place of the word in it, plus
 * one.
 */

static uint64_t  dg_lexicon_bits[DG_LEXICON_BITS];
static uint16_t  dg_lexicon_slots[DG_LEXICON_SLOTS];
static unsigned  dg_lexicon_ready;


/* of the hash, the lowest bits are poor */

#define dg_lexicon_hash(p)  (dg_word_load(p) * DG_LEXICON_MIX >> 20)
#define dg_lexicon_bit(h)   ((h) % 64)
#define dg_lexicon_other(h) ((h) / 64 % 64)
#define dg_lexicon_word(h)  ((h) >> 34)
#define dg_lexicon_slot(h)  ((h) >> 32)


/* only the lowest bit of it tells */

static inline uint64_t
dg_lexicon_may(const u_char *p)
{
    uint64_t  hash, bits;

    hash = dg_lexicon_hash(p);
    bits = dg_lexicon_bits[dg_lexicon_word(hash)];

    return bits >> dg_lexicon_bit(hash) & bits >> dg_lexicon_other(hash);
}


void
dg_lexicon_init(dg_lexicon_t *lexicon)
{
    if (!dg_lexicon_ready) {
        dg_lexicon_build();
    }

    lexicon->len = 0;
    lexicon->at = 0;
    lexicon->found = 0;
}


/* what is looked up has all behind it that a phrase may need */

void
dg_lexicon_push(dg_lexicon_t *lexicon, const u_char *p, size_t len)
{
    size_t    n;
    unsigned  from;

    while (len && !lexicon->found) {
        n = dg_min(len, DG_LEXICON_BUFFER - lexicon->len);
        memcpy(lexicon->buf + lexicon->len, p, n);

        lexicon->len += (unsigned) n;
        p += n;
        len -= n;

        if (lexicon->len < DG_LEXICON_BUFFER) {
            return;
        }

        dg_lexicon_scan(lexicon, lexicon->len - DG_LEXICON_LONGEST);

        if (lexicon->found) {
            return;
        }

        from = lexicon->at - DG_LEXICON_KEEP;

        lexicon->len -= from;
        lexicon->at -= from;
        memmove(lexicon->buf, lexicon->buf + from, lexicon->len);
    }
}


unsigned
dg_lexicon_end(dg_lexicon_t *lexicon)
{
    dg_lexicon_scan(lexicon, lexicon->len);

    return lexicon->found;
}


const dg_str_t *
dg_lexicon_phrase(unsigned n)
{
    return n < dg_nelts(dg_lexicon_phrases) ? &dg_lexicon_phrases[n] : NULL;
}


static void
dg_lexicon_build(void)
{
    uint64_t       hash, *bits;
    unsigned       i, k, slot;
    const u_char  *p;

    for (i = 0; i < dg_nelts(dg_lexicon_phrases); i++) {
        p = dg_lexicon_phrases[i].data;

        for (k = 0; k < DG_LEXICON_WORD; k++) {
            hash = dg_lexicon_hash(p + k);
            bits = &dg_lexicon_bits[dg_lexicon_word(hash)];

            *bits |= (uint64_t) 1 << dg_lexicon_bit(hash)
                     | (uint64_t) 1 << dg_lexicon_other(hash);

            slot = (unsigned) dg_lexicon_slot(hash);

            while (dg_lexicon_slots[slot]) {
                slot = (slot + 1) % DG_LEXICON_SLOTS;
            }

            dg_lexicon_slots[slot] = (uint16_t) (i * DG_LEXICON_WORD + k + 1);
        }
    }

    dg_lexicon_ready = 1;
}


/* whole words before end */

static void
dg_lexicon_scan(dg_lexicon_t *lexicon, unsigned end)
{
    unsigned       at, i;
    const u_char  *p;

    at = lexicon->at;

    while (at + DG_LEXICON_WORD <= end && !lexicon->found) {

        p = lexicon->buf + at;

        if (at + 4 * DG_LEXICON_WORD > end) {
            if (dg_lexicon_may(p) & 1) {
                lexicon->found = dg_lexicon_look(lexicon, at);
            }

            at += DG_LEXICON_WORD;
            continue;
        }

        at += 4 * DG_LEXICON_WORD;

        if (!((dg_lexicon_may(p) | dg_lexicon_may(p + 8)
               | dg_lexicon_may(p + 16) | dg_lexicon_may(p + 24))
              & 1))
        {
            continue;
        }

        for (i = at - 4 * DG_LEXICON_WORD; i < at; i += DG_LEXICON_WORD) {
            if (dg_lexicon_may(lexicon->buf + i) & 1) {
                lexicon->found |= dg_lexicon_look(lexicon, i);
            }
        }
    }

    lexicon->at = at;
}


/* whether the word is in a phrase, with the rest of it around */

static unsigned
dg_lexicon_look(const dg_lexicon_t *lexicon, unsigned at)
{
    unsigned         slot, k;
    const u_char    *p;
    const dg_str_t  *phrase;

    p = lexicon->buf + at;
    slot = (unsigned) dg_lexicon_slot(dg_lexicon_hash(p));

    for (/* void */ ;
         dg_lexicon_slots[slot];
         slot = (slot + 1) % DG_LEXICON_SLOTS)
    {
        k = dg_lexicon_slots[slot] - 1u;
        phrase = &dg_lexicon_phrases[k / DG_LEXICON_WORD];
        k %= DG_LEXICON_WORD;

        if (k <= at
            && phrase->len <= lexicon->len - (at - k)
            && memcmp(p - k, phrase->data, phrase->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}

/*
 * Copyright (C) 2026 Distill Guard
 *
 * OpenAI's APIs, and what compatible servers (vLLM, llama.cpp, DeepSeek and
 * others) add to them.
 */


#include "dg_dialect.h"


#define dg_openai_model                                                       \
    { "model", DG_RQ_MODEL },                                                 \
    { "stream", DG_RQ_STREAM },                                               \
    { "stream_options", DG_RQ_GROUP },                                        \
    { "stream_options.include_usage", DG_RQ_INCLUDE_USAGE },                  \
    { "temperature", DG_RQ_TEMPERATURE }

#define dg_openai_sampling                                                    \
    { "n", DG_RQ_N },                                                         \
    { "best_of", DG_RQ_BEST_OF },                                             \
    { "max_tokens", DG_RQ_MAX_TOKENS },                                       \
    { "max_completion_tokens", DG_RQ_MAX_TOKENS },                            \
    { "n_predict", DG_RQ_MAX_TOKENS },                                        \
    { "min_tokens", DG_RQ_MIN_TOKENS },                                       \
    { "logprobs", DG_RQ_LOGPROBS },                                           \
    { "n_probs", DG_RQ_N_PROBS },                                            \
    { "top_logprobs", DG_RQ_TOP_LOGPROBS },                                   \
    { "prompt_logprobs", DG_RQ_PROMPT_LOGPROBS },                             \
    { "logit_bias", DG_RQ_LOGIT_BIAS },                                       \
    { "logit_bias.*", DG_RQ_LOGIT_BIAS_ENTRY },                               \
    { "logit_bias[]", DG_RQ_LOGIT_BIAS_ENTRY },                               \
    { "echo", DG_RQ_ECHO },                                                   \
    { "stop", DG_RQ_STOP },                                                   \
    { "stop[]", DG_RQ_STOP_ITEM }

#define dg_openai_tool(path)                                                  \
    { path ".name", DG_RQ_TOOL_NAME },                                        \
    { path ".description", DG_RQ_TOOL_DESCRIPTION },                          \
    { path ".parameters.properties.*.description", DG_RQ_TOOL_TEXT }


const dg_json_path_t  dg_openai_chat_request[] = {

    dg_openai_model,
    dg_openai_sampling,

    { "reasoning_effort", DG_RQ_REASONING },
    { "reasoning", DG_RQ_GROUP },
    { "reasoning.effort", DG_RQ_REASONING },
    { "reasoning.enabled", DG_RQ_REASONING },
    { "reasoning.max_tokens", DG_RQ_REASONING },
    { "thinking", DG_RQ_GROUP },
    { "thinking.type", DG_RQ_REASONING },
    { "enable_thinking", DG_RQ_REASONING },
    { "chat_template_kwargs.enable_thinking", DG_RQ_REASONING },
    { "chat_template_kwargs.thinking", DG_RQ_REASONING },

    { "messages", DG_RQ_LIST },
    { "messages[]", DG_RQ_MESSAGE },
    { "messages[].role", DG_RQ_ROLE },
    { "messages[].content", DG_RQ_CONTENT },
    { "messages[].content[]", DG_RQ_PART },
    { "messages[].content[].type", DG_RQ_PART_TYPE },
    { "messages[].content[].text", DG_RQ_TEXT },
    { "messages[].content[].refusal", DG_RQ_ANSWER },
    { "messages[].refusal", DG_RQ_ANSWER },
    { "messages[].reasoning_content", DG_RQ_ANSWER },
    { "messages[].audio.id", DG_RQ_ID },
    { "messages[].function_call.arguments", DG_RQ_ANSWER },
    { "messages[].tool_calls", DG_RQ_LIST },
    { "messages[].tool_calls[].id", DG_RQ_ID },
    { "messages[].tool_calls[].function.arguments", DG_RQ_ANSWER },
    { "messages[].tool_call_id", DG_RQ_ID },

    { "tools", DG_RQ_LIST },
    { "tools[]", DG_RQ_TOOL },
    { "tools[].type", DG_RQ_TOOL_TYPE },
    { "tools[].function", DG_RQ_GROUP },
    dg_openai_tool("tools[].function"),
    { "functions", DG_RQ_LIST },
    { "functions[]", DG_RQ_TOOL },
    dg_openai_tool("functions[]"),

    { NULL, 0 }
};


const dg_json_path_t  dg_openai_responses_request[] = {

    dg_openai_model,

    { "max_output_tokens", DG_RQ_MAX_TOKENS },
    { "top_logprobs", DG_RQ_TOP_LOGPROBS },
    { "include", DG_RQ_LIST },
    { "include[]", DG_RQ_INCLUDE },
    { "reasoning", DG_RQ_GROUP },
    { "reasoning.effort", DG_RQ_REASONING },
    { "reasoning.summary", DG_RQ_REASONING },
    { "previous_response_id", DG_RQ_ID },
    { "instructions", DG_RQ_SYSTEM },

    { "input", DG_RQ_INPUT },
    { "input[]", DG_RQ_MESSAGE },
    { "input[].role", DG_RQ_ROLE },
    { "input[].type", DG_RQ_ITEM_TYPE },
    { "input[].id", DG_RQ_ID },
    { "input[].call_id", DG_RQ_ID },
    { "input[].encrypted_content", DG_RQ_ID },
    { "input[].content", DG_RQ_CONTENT },
    { "input[].content[]", DG_RQ_PART },
    { "input[].content[].type", DG_RQ_PART_TYPE },
    { "input[].content[].text", DG_RQ_TEXT },
    { "input[].content[].refusal", DG_RQ_ANSWER },
    { "input[].summary[].text", DG_RQ_ANSWER },
    { "input[].arguments", DG_RQ_ANSWER },
    { "input[].input", DG_RQ_ANSWER },
    { "input[].output", DG_RQ_OUTPUT },
    { "input[].output.type", DG_RQ_PART_TYPE },
    { "input[].output[].type", DG_RQ_PART_TYPE },
    { "input[].output[].text", DG_RQ_TEXT },

    { "tools", DG_RQ_LIST },
    { "tools[]", DG_RQ_TOOL },
    { "tools[].type", DG_RQ_TOOL_TYPE },
    dg_openai_tool("tools[]"),

    { NULL, 0 }
};


const dg_json_path_t  dg_openai_completions_request[] = {

    dg_openai_model,
    dg_openai_sampling,

    { "prompt", DG_RQ_PROMPT },
    { "prompt[]", DG_RQ_PROMPT_ITEM },
    { "prompt[][]", DG_RQ_PROMPT_TOKEN },
    { "suffix", DG_RQ_SUFFIX },

    { NULL, 0 }
};


const dg_json_path_t  dg_openai_embeddings_request[] = {

    { "model", DG_RQ_MODEL },

    { "input", DG_RQ_PROMPT },
    { "input[]", DG_RQ_PROMPT_ITEM },
    { "input[][]", DG_RQ_PROMPT_TOKEN },
    { "prompt", DG_RQ_PROMPT },

    { NULL, 0 }
};


#define dg_openai_error                                                       \
    { "error", DG_RS_ERROR },                                                 \
    { "error.type", DG_RS_ERROR_TYPE },                                       \
    { "error.code", DG_RS_ERROR_CODE }

/* vLLM before 0.10 */

#define dg_openai_flat_error                                                  \
    { "object", DG_RS_TYPE },                                                 \
    { "type", DG_RS_ERROR_TYPE }

#define dg_openai_usage(path)                                                 \
    { path ".prompt_tokens", DG_RS_INPUT },                                   \
    { path ".prompt_tokens_details.cached_tokens", DG_RS_CACHED },            \
    { path ".prompt_tokens_details.cache_write_tokens", DG_RS_CACHE_WRITE },  \
    { path ".prompt_cache_hit_tokens", DG_RS_CACHED },                        \
    { path ".cached_tokens", DG_RS_CACHED },                                  \
    { path ".completion_tokens", DG_RS_OUTPUT },                              \
    { path ".completion_tokens_details.reasoning_tokens", DG_RS_REASONING },  \
    { path ".total_tokens", DG_RS_TOTAL }

/* llama.cpp */

#define dg_openai_timings                                                     \
    { "timings.prompt_n", DG_RS_TIMED_INPUT },                                \
    { "timings.cache_n", DG_RS_TIMED_READ },                                  \
    { "timings.predicted_n", DG_RS_TIMED_OUTPUT }

/* a message, whole or as a piece of a stream */

#define dg_openai_message(path)                                               \
    { path ".content", DG_RS_TEXT },                                          \
    { path ".content[].text", DG_RS_TEXT },                                   \
    { path ".refusal", DG_RS_TEXT },                                          \
    { path ".reasoning_content", DG_RS_THOUGHT },                             \
    { path ".reasoning", DG_RS_THOUGHT_TWIN },                                \
    { path ".audio.id", DG_RS_ITEM_ID },                                      \
    { path ".audio.transcript", DG_RS_TEXT },                                 \
    { path ".function_call.arguments", DG_RS_TEXT },                          \
    { path ".tool_calls[].id", DG_RS_ITEM_ID },                               \
    { path ".tool_calls[].function.arguments", DG_RS_TEXT }


const dg_json_path_t  dg_openai_chat_response[] = {

    { "id", DG_RS_ID },
    { "model", DG_RS_MODEL },

    { "choices", DG_RS_CHOICES },
    { "choices[]", DG_RS_CHOICE },
    { "choices[].index", DG_RS_INDEX },
    { "choices[].finish_reason", DG_RS_FINISH },
    dg_openai_message("choices[].message"),
    dg_openai_message("choices[].delta"),

    dg_openai_usage("usage"),
    dg_openai_usage("choices[].usage"),
    dg_openai_usage("x_groq.usage"),
    dg_openai_timings,
    dg_openai_error,
    dg_openai_flat_error,

    { NULL, 0 }
};


const dg_json_path_t  dg_openai_completions_response[] = {

    { "id", DG_RS_ID },
    { "model", DG_RS_MODEL },

    { "choices", DG_RS_CHOICES },
    { "choices[]", DG_RS_CHOICE },
    { "choices[].index", DG_RS_INDEX },
    { "choices[].text", DG_RS_TEXT },
    { "choices[].finish_reason", DG_RS_FINISH },

    /* llama.cpp's own endpoint */

    { "content", DG_RS_TEXT },
    { "stop", DG_RS_DONE },
    { "stop_type", DG_RS_FINISH_DETAIL },
    { "tokens_evaluated", DG_RS_TIMED_INPUT },
    { "tokens_predicted", DG_RS_TIMED_OUTPUT },

    dg_openai_usage("usage"),
    dg_openai_error,
    dg_openai_flat_error,

    { NULL, 0 }
};


const dg_json_path_t  dg_openai_embeddings_response[] = {

    { "model", DG_RS_MODEL },

    { "usage.prompt_tokens", DG_RS_INPUT },
    { "prompt_eval_count", DG_RS_INPUT },
    dg_openai_error,
    dg_openai_flat_error,

    { NULL, 0 }
};


#define dg_openai_responses_usage(path)                                       \
    { path ".input_tokens", DG_RS_INPUT },                                    \
    { path ".input_tokens_details.cached_tokens", DG_RS_CACHED },             \
    { path ".output_tokens", DG_RS_OUTPUT },                                  \
    { path ".output_tokens_details.reasoning_tokens", DG_RS_REASONING }

#define dg_openai_responses_state(path)                                       \
    { path "id", DG_RS_ID },                                                  \
    { path "model", DG_RS_MODEL },                                            \
    { path "status", DG_RS_STATUS },                                          \
    { path "incomplete_details.reason", DG_RS_FINISH_DETAIL },                \
    { path "error", DG_RS_ERROR },                                            \
    { path "error.type", DG_RS_ERROR_TYPE },                                  \
    { path "error.code", DG_RS_ERROR_CODE },                                  \
    dg_openai_responses_usage(path "usage")

#define dg_openai_responses_item(path)                                        \
    { path ".id", DG_RS_ITEM_ID },                                            \
    { path ".call_id", DG_RS_ITEM_ID },                                       \
    { path ".encrypted_content", DG_RS_ITEM_ID }


/*
 * Events repeat in the end what they brought in pieces: text is counted where
 * it is called "delta", and under "output" only where the body is one
 * response.
 */

const dg_json_path_t  dg_openai_responses_response[] = {

    { "type", DG_RS_TYPE },
    { "code", DG_RS_ERROR_CODE },
    { "delta", DG_RS_DELTA },
    dg_openai_responses_item("item"),
    dg_openai_responses_state("response."),

    dg_openai_responses_state(""),
    dg_openai_responses_item("output[]"),
    { "output[].content[].text", DG_RS_TEXT },
    { "output[].content[].refusal", DG_RS_TEXT },
    { "output[].summary[].text", DG_RS_TEXT },
    { "output[].arguments", DG_RS_TEXT },
    { "output[].input", DG_RS_TEXT },
    { "output[].code", DG_RS_TEXT },

    { NULL, 0 }
};

/*
 * Copyright (C) 2026 Distill Guard
 *
 * Ollama's /api/chat and /api/generate: what only one of them has does not
 * stand in the other's way.
 */


#include "dg_dialect.h"


const dg_json_path_t  dg_ollama_request[] = {

    { "model", DG_RQ_MODEL },
    { "stream", DG_RQ_STREAM },
    { "think", DG_RQ_REASONING },
    { "logprobs", DG_RQ_LOGPROBS },
    { "top_logprobs", DG_RQ_TOP_LOGPROBS },
    { "options", DG_RQ_GROUP },
    { "options.temperature", DG_RQ_TEMPERATURE },
    { "options.num_predict", DG_RQ_MAX_TOKENS },
    { "options.stop", DG_RQ_STOP },
    { "options.stop[]", DG_RQ_STOP_ITEM },

    { "messages", DG_RQ_LIST },
    { "messages[]", DG_RQ_MESSAGE },
    { "messages[].role", DG_RQ_ROLE },
    { "messages[].content", DG_RQ_TEXT },
    { "messages[].thinking", DG_RQ_ANSWER },
    { "messages[].images", DG_RQ_LIST },
    { "messages[].images[]", DG_RQ_IMAGE },
    { "messages[].tool_call_id", DG_RQ_ID },
    { "messages[].tool_calls[].id", DG_RQ_ID },
    dg_values("messages[].tool_calls[].function.arguments", DG_RQ_ANSWER),

    { "tools", DG_RQ_LIST },
    { "tools[]", DG_RQ_TOOL },
    { "tools[].type", DG_RQ_TOOL_TYPE },
    { "tools[].function.name", DG_RQ_TOOL_NAME },
    { "tools[].function.description", DG_RQ_TOOL_DESCRIPTION },
    { "tools[].function.parameters.properties.*.description",
      DG_RQ_TOOL_TEXT },

    { "system", DG_RQ_SYSTEM },
    { "prompt", DG_RQ_PROMPT },
    { "suffix", DG_RQ_SUFFIX },
    { "images", DG_RQ_LIST },
    { "images[]", DG_RQ_IMAGE },
    { "context", DG_RQ_LIST },
    { "context[]", DG_RQ_CONTEXT_TOKEN },

    { NULL, 0 }
};


const dg_json_path_t  dg_ollama_response[] = {

    { "model", DG_RS_MODEL },
    { "message.content", DG_RS_TEXT },
    { "message.thinking", DG_RS_TEXT },
    { "message.tool_calls[].id", DG_RS_ITEM_ID },
    dg_values("message.tool_calls[].function.arguments", DG_RS_VALUE),
    { "response", DG_RS_TEXT },
    { "thinking", DG_RS_TEXT },

    { "done", DG_RS_DONE },
    { "done_reason", DG_RS_FINISH },
    { "prompt_eval_count", DG_RS_INPUT },
    { "eval_count", DG_RS_OUTPUT },
    { "error", DG_RS_ERROR },

    { NULL, 0 }
};

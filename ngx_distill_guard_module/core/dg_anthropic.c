/*
 * Copyright (C) 2026 Distill Guard
 *
 * Anthropic's Messages API.
 */


#include "dg_dialect.h"


const dg_json_path_t  dg_anthropic_request[] = {

    { "model", DG_RQ_MODEL },
    { "stream", DG_RQ_STREAM },
    { "max_tokens", DG_RQ_MAX_TOKENS },
    { "temperature", DG_RQ_TEMPERATURE },
    { "stop_sequences", DG_RQ_STOP },
    { "stop_sequences[]", DG_RQ_STOP_ITEM },
    { "thinking", DG_RQ_GROUP },
    { "thinking.type", DG_RQ_REASONING },

    { "system", DG_RQ_SYSTEM },
    { "system[]", DG_RQ_PART },
    { "system[].text", DG_RQ_TEXT },

    { "messages", DG_RQ_LIST },
    { "messages[]", DG_RQ_MESSAGE },
    { "messages[].role", DG_RQ_ROLE },
    { "messages[].content", DG_RQ_CONTENT },
    { "messages[].content[]", DG_RQ_PART },
    { "messages[].content[].type", DG_RQ_PART_TYPE },
    { "messages[].content[].text", DG_RQ_TEXT },
    { "messages[].content[].id", DG_RQ_ID },
    { "messages[].content[].thinking", DG_RQ_ANSWER },
    { "messages[].content[].signature", DG_RQ_ID },
    { "messages[].content[].data", DG_RQ_ID },
    dg_values("messages[].content[].input", DG_RQ_ANSWER),
    { "messages[].content[].tool_use_id", DG_RQ_ID },
    { "messages[].content[].content", DG_RQ_RESULT },
    { "messages[].content[].content[].type", DG_RQ_PART_TYPE },
    { "messages[].content[].content[].text", DG_RQ_RESULT },

    { "tools", DG_RQ_LIST },
    { "tools[]", DG_RQ_TOOL },
    { "tools[].type", DG_RQ_TOOL_TYPE },
    { "tools[].name", DG_RQ_TOOL_NAME },
    { "tools[].description", DG_RQ_TOOL_DESCRIPTION },
    { "tools[].input_schema.properties.*.description", DG_RQ_TOOL_TEXT },

    { NULL, 0 }
};


/* input_tokens are those that no cache had or took */

#define dg_anthropic_usage(path)                                              \
    { path ".input_tokens", DG_RS_INPUT },                                    \
    { path ".cache_read_input_tokens", DG_RS_INPUT_READ },                    \
    { path ".cache_creation_input_tokens", DG_RS_INPUT_WRITE },               \
    { path ".output_tokens", DG_RS_OUTPUT }

#define dg_anthropic_block(path)                                              \
    { path ".id", DG_RS_ITEM_ID },                                            \
    { path ".text", DG_RS_TEXT },                                             \
    { path ".thinking", DG_RS_TEXT },                                         \
    { path ".data", DG_RS_ITEM_ID },                                          \
    dg_values(path ".input", DG_RS_VALUE)


const dg_json_path_t  dg_anthropic_response[] = {

    { "type", DG_RS_TYPE },
    { "error", DG_RS_ERROR },
    { "error.type", DG_RS_ERROR_TYPE },

    /* one message */

    { "id", DG_RS_ID },
    { "model", DG_RS_MODEL },
    { "stop_reason", DG_RS_FINISH },
    { "content[].signature", DG_RS_ITEM_ID },
    dg_anthropic_block("content[]"),

    /* events; "usage" is that of message_delta, too */

    { "message.id", DG_RS_ID },
    { "message.model", DG_RS_MODEL },
    dg_anthropic_usage("message.usage"),
    dg_anthropic_usage("usage"),

    { "content_block.signature", DG_RS_SIGNATURE },
    dg_anthropic_block("content_block"),

    { "delta.text", DG_RS_TEXT },
    { "delta.thinking", DG_RS_TEXT },
    { "delta.partial_json", DG_RS_TEXT },
    { "delta.signature", DG_RS_SIGNATURE },
    { "delta.stop_reason", DG_RS_FINISH },

    { NULL, 0 }
};

/*
 * Copyright (C) 2026 Distill Guard
 *
 * Gemini's generateContent and streamGenerateContent.  Its servers take both
 * spellings of a name, and one value where a list is meant.
 */


#include "dg_dialect.h"


#define dg_gemini_generation(path)                                            \
    { path, DG_RQ_GROUP },                                                    \
    { path ".temperature", DG_RQ_TEMPERATURE },                               \
    { path ".maxOutputTokens", DG_RQ_MAX_TOKENS },                            \
    { path ".max_output_tokens", DG_RQ_MAX_TOKENS },                          \
    { path ".candidateCount", DG_RQ_N },                                      \
    { path ".candidate_count", DG_RQ_N },                                     \
    { path ".stopSequences", DG_RQ_STOP },                                    \
    { path ".stopSequences[]", DG_RQ_STOP_ITEM },                             \
    { path ".stop_sequences", DG_RQ_STOP },                                   \
    { path ".stop_sequences[]", DG_RQ_STOP_ITEM },                            \
    { path ".responseLogprobs", DG_RQ_LOGPROBS },                             \
    { path ".response_logprobs", DG_RQ_LOGPROBS },                            \
    { path ".logprobs", DG_RQ_TOP_LOGPROBS },                                 \
    { path ".thinkingConfig.includeThoughts", DG_RQ_REASONING },              \
    { path ".thinkingConfig.thinkingBudget", DG_RQ_REASONING },               \
    { path ".thinkingConfig.thinkingLevel", DG_RQ_REASONING },                \
    { path ".thinking_config.include_thoughts", DG_RQ_REASONING },            \
    { path ".thinking_config.thinking_budget", DG_RQ_REASONING },             \
    { path ".thinking_config.thinking_level", DG_RQ_REASONING }

#define dg_gemini_system(path)                                                \
    { path, DG_RQ_SYSTEM },                                                   \
    { path ".parts.text", DG_RQ_TEXT },                                       \
    { path ".parts[].text", DG_RQ_TEXT }

#define dg_gemini_media(path, type)                                           \
    { path "." type, DG_RQ_MEDIA_TYPE }

#define dg_gemini_part(path)                                                  \
    { path, DG_RQ_PART },                                                     \
    { path ".text", DG_RQ_TEXT },                                             \
    { path ".thoughtSignature", DG_RQ_ID },                                   \
    { path ".thought_signature", DG_RQ_ID },                                  \
    dg_gemini_media(path ".inlineData", "mimeType"),                          \
    dg_gemini_media(path ".inline_data", "mime_type"),                        \
    dg_gemini_media(path ".fileData", "mimeType"),                            \
    dg_gemini_media(path ".file_data", "mime_type"),                          \
    { path ".functionCall.id", DG_RQ_ID },                                    \
    { path ".function_call.id", DG_RQ_ID },                                   \
    dg_values(path ".functionCall.args", DG_RQ_ANSWER),                       \
    dg_values(path ".function_call.args", DG_RQ_ANSWER),                      \
    { path ".functionResponse.id", DG_RQ_ID },                                \
    { path ".function_response.id", DG_RQ_ID },                               \
    dg_values(path ".functionResponse.response", DG_RQ_RESULT),               \
    dg_values(path ".function_response.response", DG_RQ_RESULT)

#define dg_gemini_tool(path)                                                  \
    { path, DG_RQ_TOOL },                                                     \
    { path ".name", DG_RQ_TOOL_NAME },                                        \
    { path ".description", DG_RQ_TOOL_DESCRIPTION },                          \
    { path ".parameters.properties.*.description", DG_RQ_TOOL_TEXT }


const dg_json_path_t  dg_gemini_request[] = {

    { "model", DG_RQ_MODEL },

    dg_gemini_generation("generationConfig"),
    dg_gemini_generation("generation_config"),

    dg_gemini_system("systemInstruction"),
    dg_gemini_system("system_instruction"),

    { "contents", DG_RQ_MESSAGES },
    { "contents.role", DG_RQ_ROLE },
    { "contents.parts.text", DG_RQ_TEXT },
    { "contents.parts[].text", DG_RQ_TEXT },

    { "contents[]", DG_RQ_MESSAGE },
    { "contents[].role", DG_RQ_ROLE },
    { "contents[].parts.text", DG_RQ_TEXT },
    dg_gemini_part("contents[].parts[]"),

    { "tools", DG_RQ_LIST },
    dg_gemini_tool("tools[].functionDeclarations[]"),
    dg_gemini_tool("tools[].function_declarations[]"),

    { NULL, 0 }
};


const dg_json_path_t  dg_gemini_response[] = {

    { "responseId", DG_RS_ID },
    { "modelVersion", DG_RS_MODEL },

    { "candidates", DG_RS_CHOICES },
    { "candidates[]", DG_RS_CHOICE },
    { "candidates[].index", DG_RS_INDEX },
    { "candidates[].finishReason", DG_RS_FINISH },
    { "candidates[].content.parts[].text", DG_RS_TEXT },
    { "candidates[].content.parts[].thoughtSignature", DG_RS_ITEM_ID },
    { "candidates[].content.parts[].executableCode.code", DG_RS_TEXT },
    { "candidates[].content.parts[].functionCall.id", DG_RS_ITEM_ID },
    dg_values("candidates[].content.parts[].functionCall.args", DG_RS_VALUE),
    { "promptFeedback.blockReason", DG_RS_FINISH },

    { "usageMetadata", DG_RS_USAGE },
    { "usageMetadata.promptTokenCount", DG_RS_INPUT },
    { "usageMetadata.toolUsePromptTokenCount", DG_RS_INPUT_TOOL },
    { "usageMetadata.cachedContentTokenCount", DG_RS_CACHED },
    { "usageMetadata.candidatesTokenCount", DG_RS_OUTPUT },
    { "usageMetadata.thoughtsTokenCount", DG_RS_THOUGHTS },

    { "error", DG_RS_ERROR },
    { "error.status", DG_RS_ERROR_CODE },

    { NULL, 0 }
};

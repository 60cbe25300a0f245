"""The chat template (ChatML) and the same layout as tokens, with the loss mask."""

TEMPLATE = """{%- for message in messages -%}
{%- set role = 'system' if message.role == 'developer' else message.role -%}
{{- '<|im_start|>' + role + '\\n' -}}
{%- if message.content is string -%}
{{- message.content | trim -}}
{%- elif message.content -%}
{%- for part in message.content -%}
{%- if part.text is defined -%}{{- part.text -}}{%- endif -%}
{%- endfor -%}
{%- endif -%}
{{- '<|im_end|>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{- '<|im_start|>assistant\\n' -}}
{%- endif -%}
"""


def message_tokens(tokenizer, role, text):
    """Tokens of one message, and 1 where the model is to produce the token."""
    head = [tokenizer.start, *tokenizer.encode(role + "\n")]
    if role == "assistant":
        body = [*tokenizer.encode(text), tokenizer.end]
        weights = [0] * len(head) + [1] * len(body)
    else:
        # The newline after the role and the text are one run of text to a tokenizer.
        head = [tokenizer.start]
        body = [*tokenizer.encode(role + "\n" + text), tokenizer.end]
        weights = [0] * (len(head) + len(body))
    tail = tokenizer.encode("\n")
    return head + body + tail, weights + [0] * len(tail)


def conversation_tokens(tokenizer, messages):
    tokens, weights = [], []
    for role, text in messages:
        more, marks = message_tokens(tokenizer, role, text)
        tokens += more
        weights += marks
    return tokens, weights


def prompt_tokens(tokenizer, messages):
    tokens, _ = conversation_tokens(tokenizer, messages)
    return tokens + [tokenizer.start, *tokenizer.encode("assistant\n")]

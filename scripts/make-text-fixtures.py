#!/usr/bin/env python3
"""Writes Tests/Fixtures/text: what the libraries `tokenizers` and `jinja2` make of small inputs.

    scripts/check-tokenizers.sh --fixtures

Each component of a tokeniser stands in one of a few dozen small tokenisers, each with texts and their encodings. Templates of
conversations are written in the style of those of the model families, each with conversations and their texts.
"""

import json
import os
import sys
import tempfile
import unicodedata

from jinja2 import nodes
from jinja2.exceptions import TemplateError
from jinja2.ext import Extension
from jinja2.sandbox import ImmutableSandboxedEnvironment
from sentencepiece_models import unigram_of_sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../Tests/Fixtures/text")
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
          r"|\s*[\r\n]+|\s+(?!\S)|\s+")
TEXTS = [
    "The quick brown fox jumps over the lazy dog.", "don't I'LL we've", "  two  spaces \t and\r\nlines\n\n", "", " ",
    "Crème brûlée à la carte", "e\u0301a\u0323\u0307 \u1112\u1161\u11ab", "机器学习 is fun。", "สวัสดีครับ ๑๒๓", "नमस्ते दुनिया",
    "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽", unicodedata.normalize("NFD", "がぎぐ ガラス"), "a\x00b\x01c\ufffdd\u200be", "ﬁne ½ ㎏ Ⅷ ｶﾞ İ ẞ",
    "3.14159 and 12345678", "[CLS] a <mask> b[SEP]c", "  <mask>  x<mask>y MASK", "▁low lower lowest▁", "zzzzqqqq xyzzy",
    "x = {'a': [1, 2]}; print(x)", "supercalifragilisticexpialidocious" * 3,
]
CORPUS = [
    "The quick brown fox jumps over the lazy dog and the lower lowest low newer newest new fox.", "don't we've I'll they're",
    "机器 学习 机器学习", "नमस्ते", "สวัสดี", "Crème brûlée café", "1 2 3 12 123 2024", "print(x) = {a: [b]};", "がぎぐ",
] * 5


def byte_pairs(pre, normalizer=None, **options):
    tokenizer = Tokenizer(models.BPE(**options))
    tokenizer.pre_tokenizer = pre
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=330, special_tokens=["<|end|>"], show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return tokenizer


def pieces(normalizer, pre, size=230):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer, tokenizer.decoder = normalizer, pre, decoders.WordPiece()
    tokenizer.train_from_iterator(CORPUS, trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]"], show_progress=False))
    return tokenizer


def unigram(normalizer, pre, **options):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer, tokenizer.pre_tokenizer, tokenizer.decoder = normalizer, pre, decoders.Metaspace()
    tokenizer.train_from_iterator(CORPUS, trainers.UnigramTrainer(
        vocab_size=160, special_tokens=["<unk>", "<mask>"], unk_token="<unk>", show_progress=False))
    return tokenizer


def words(pre, normalizer=None):
    tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.train_from_iterator(CORPUS, trainers.WordLevelTrainer(special_tokens=["<unk>"], show_progress=False))
    return tokenizer


def template(tokenizer):
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return tokenizer


def with_json(tokenizer, **changes):
    text = json.loads(tokenizer.to_str())
    for key, value in changes.items():
        if key == "model":
            text["model"].update(value)
        else:
            text[key] = value
    return Tokenizer.from_str(json.dumps(text))


def fallback():
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    special = ["<unk>", "<s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=380, limit_alphabet=40, special_tokens=special, show_progress=False, max_token_length=8))
    text = json.loads(tokenizer.to_str())
    text["added_tokens"] = text["added_tokens"][:2]
    return Tokenizer.from_str(json.dumps(text))


def suffixed(fuse):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>", fuse_unk=fuse))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.decoder = decoders.BPEDecoder(suffix="</w>")
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=200, special_tokens=["<unk>"], show_progress=False, end_of_word_suffix="</w>", limit_alphabet=40))
    return tokenizer


def added():
    """Tokens that take spaces, stand alone, or are looked for behind the normaliser."""
    tokenizer = template(pieces(normalizers.Lowercase(), pre_tokenizers.BertPreTokenizer()))
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, rstrip=True)])
    tokenizer.add_tokens([
        AddedToken("MASK", single_word=True), AddedToken("Fox", normalized=True), AddedToken("fox jumps", normalized=True),
        AddedToken("zz", single_word=True, normalized=False), AddedToken("xyz", rstrip=True)])
    return tokenizer


def roberta():
    tokenizer = byte_pairs(pre_tokenizers.ByteLevel(add_prefix_space=True))
    tokenizer.add_special_tokens(["<s>", "</s>", AddedToken("<mask>", lstrip=True)])
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", tokenizer.token_to_id("</s>")), ("<s>", tokenizer.token_to_id("<s>")))
    return tokenizer


def cut(strategy, stride, side="right", padded=None, length=12):
    tokenizer = template(pieces(normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()))
    tokenizer.enable_truncation(length, stride=stride, strategy=strategy, direction=side)
    if padded:
        tokenizer.enable_padding(**padded)
    return tokenizer


def split(pattern, behavior, invert=False):
    return words(pre_tokenizers.Split(Regex(pattern), behavior, invert))


def precompiled():
    """A map of a few characters: ligatures, full forms, joiners that vanish, marks that join, blanks."""
    rules = ["FB01\t66 69", "BD\t31 2044 32", "338F\t6B 67", "2167\t56 49 49 49", "200D\t", "200B\t20", "65 301\tE9",
             "304B 3099\t304C", "304D 3099\t304E", "9\t20", "A\t20", "D\t20", "D A\t20", "1112 1161 11AB\tD55C", "130\t69"]
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as file:
        file.write("".join(f"{rule}\n" for rule in rules))
        file.flush()
        return unigram_of_sentencepiece(CORPUS, 120, normalization_rule_tsv=file.name)


def tokenizers():
    bert = normalizers.BertNormalizer()
    plain = pre_tokenizers.BertPreTokenizer()
    yield "bert", template(pieces(bert, plain)), False
    yield "bert pairs", template(pieces(bert, plain)), True
    yield "bert cased", with_json(
        pieces(normalizers.BertNormalizer(lowercase=False, strip_accents=False), plain),
        post_processor={"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}), True
    yield "added tokens", added(), False
    yield "gpt-2", byte_pairs(pre_tokenizers.ByteLevel(add_prefix_space=False)), False
    yield "roberta", roberta(), True
    yield "digits and bytes", byte_pairs(pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])), False
    yield "llama-3", with_json(byte_pairs(pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(LLAMA3), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])),
        model={"ignore_merges": True}), False
    yield "qwen", byte_pairs(pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(LLAMA3.replace("{1,3}", "")), "isolated"),
         pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]), normalizers.NFC()), False
    yield "byte fallback", fallback(), False
    yield "suffixes", suffixed(False), False
    yield "suffixes, unknown together", suffixed(True), False
    yield "unigram", unigram(normalizers.NFKC(), pre_tokenizers.Metaspace()), False
    yield "unigram, first", unigram(
        normalizers.Sequence([normalizers.Strip(), normalizers.Replace(Regex(" {2,}"), " "), normalizers.NFKD()]),
        pre_tokenizers.Metaspace(prepend_scheme="first")), False
    yield "precompiled", precompiled(), False
    yield "unigram with bytes", with_json(
        unigram(normalizers.NFD(), pre_tokenizers.Metaspace(prepend_scheme="never", split=False)),
        model={"byte_fallback": True}), False
    accents = normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.Lowercase()])
    yield "whitespace", words(pre_tokenizers.Whitespace(), accents), False
    yield "punctuation", words(pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.Digits()])), False
    yield "delimiter", words(pre_tokenizers.CharDelimiterSplit("a"), normalizers.Strip(left=False)), False
    for behavior in ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]:
        yield f"split {behavior}", split(r"[aeiou]|\s(?=\p{Ll})", behavior), False
    yield "split inverted", split(r"(?<!o)\w{2,3}?(?:x|\s)|\d++", "removed", True), False
    for strategy in ["longest_first", "only_second"]:
        yield f"cut {strategy}", cut(strategy, 0, length=60 if strategy == "only_second" else 12), True
    yield "cut with stride", cut("longest_first", 3), False
    yield "cut left, filled", cut("longest_first", 2, "left", {"length": 15, "direction": "left", "pad_id": 0}), True
    yield "filled to multiples", cut("longest_first", 0, padded={"pad_to_multiple_of": 8}, length=40), False


def encodings(tokenizer, paired):
    inputs = list(zip(TEXTS, TEXTS[3:])) if paired else [(text,) for text in TEXTS]
    for texts in inputs:
        case = {"texts": texts}
        try:
            found = tokenizer.encode(*texts)
        except Exception as error:
            case["error"] = str(error)
            yield case
            continue
        case.update(
            ids=found.ids, offsets=found.offsets, words=found.word_ids, types=found.type_ids,
            special=found.special_tokens_mask, attention=found.attention_mask, text=tokenizer.decode(found.ids),
            whole=tokenizer.decode(found.ids, skip_special_tokens=False), overflowing=[part.ids for part in found.overflowing])
        yield case


SMOLLM = """{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system
You are helpful<|im_end|>
' }}{% endif %}{{'<|im_start|>' + message['role'] + '
' + message['content'] + '<|im_end|>' + '
'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
' }}{% endif %}
"""
LLAMA = """{{- bos_token }}
{%- if not date_string is defined %}
    {%- set date_string = strftime_now("%d %b %Y") %}
{%- endif %}
{#- The system message has a place of its own. #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start|>system<|end|>\\n\\n" }}
{%- if tools is not none and tools is defined %}
    {{- "Tools:\\n" }}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
{%- endif %}
{{- "Today Date: " + date_string + "\\n\\n" + system_message }}
{%- for message in messages %}
    {%- if 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("only single tool-calls at once!") }}
        {%- endif %}
        {%- set tool_call = message.tool_calls[0].function %}
        {{- '{"name": "' + tool_call.name + '", "parameters": ' }}
        {{- tool_call.arguments | tojson }}{{- "}" }}
    {%- elif message.role == "tool" or message.role == "ipython" %}
        {%- if message.content is mapping or message.content is iterable and message.content is not string %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
    {%- else %}
        {{- '<|start|>' + message['role'] + '<|end|>\\n\\n'+ message['content'] | trim + '<|eot|>' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start|>assistant<|end|>\\n\\n' }}
{%- endif %}
"""
QWEN = """{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0].role == 'system' %}
        {{- messages[0].content + '\\n\\n' }}
    {%- endif %}
    {{- "# Tools\\n<tools>" }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools><|im_end|>\\n" }}
{%- elif messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- set ns = namespace(multi_step=true, last=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step and message.role == "user" and not(message.content.startswith('<tool>') and message.content.endswith('</tool>')) %}
        {%- set ns.multi_step = false %}
        {%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set content = message.content %}
        {%- set reasoning = '' %}
        {%- if '</think>' in content %}
            {%- set reasoning = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last and reasoning %}
            {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning.strip('\\n') + '\\n</think>\\n\\n' + content }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if loop.first or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<|im_start|>user' }}
        {%- endif %}
        {{- '\\n<tool>\\n' ~ message.content ~ '\\n</tool>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}
            {{- '<|im_end|>\\n' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}"""
MISTRAL = """{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}
{%- set ns = namespace() %}
{%- set ns.index = 0 %}
{%- for message in loop_messages %}
    {%- if not (message.role == "tool" or (message.tool_calls is defined and message.tool_calls is not none)) %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("roles must alternate user/assistant/user/assistant/...") }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"]|trim + eos_token}}
    {%- else %}
        {{- raise_exception("Only user and assistant roles are supported!") }}
    {%- endif %}
{%- endfor %}{{ user_messages|length }}
"""
GEMMA = """{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '
' + message['content'] | trim + '<end_of_turn>
' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model
'}}{% endif %}"""
PHI = """{% for message in messages %}{% if message['role'] == 'system' and message['content'] %}{{'<|system|>
' + message['content'] + '<|end|>
'}}{% elif message['role'] == 'user' %}{{'<|user|>
' + message['content'] + '<|end|>
'}}{% elif message['role'] == 'assistant' %}{{'<|assistant|>
' + message['content'] + '<|end|>
'}}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>
' }}{% else %}{{ eos_token }}{% endif %}"""
PIECES = [
    "{{ 1 + 2 * 3 - 4 // 3 % 5 }} {{ 7 / 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 2 ** 10 }} {{ 1.5 * 2 }} {{ 1e3 if 0 else 1.0 }}",
    "{{ [1, 'a', true, none, 2.5, {'k': [1]}] }} {{ {'a': 'it\\'s', \"b\": '\"x\"'} }} {{ (1, 2)|list }}",
    "{{ 'abc'[0] }}{{ 'abc'[-1] }}{{ 'abcdef'[1:4] }}{{ 'abcdef'[::-1] }}{{ [1,2,3,4][-3:-1] }}{{ [1,2,3,4][3:0:-2] }}{{ 'é漢字'[1:] }}",
    "{{ x is defined }} {{ x is not defined }} {{ missing is undefined }} {{ none is none }} {{ 3 is odd }} {{ 4 is divisibleby 2 }} {{ 'a' is string }} {{ x is number }} {{ [] is iterable }} {{ {} is mapping }} {{ 1 is eq 1 }} {{ 2 in [1,2] }} {{ 'b' not in 'abc' }} {{ true is boolean }}",
    "{{ '  hi '|trim }}|{{ 'hello world'|title }}|{{ 'hELLO'|capitalize }}|{{ 'abc'|upper }}|{{ 'ABC'|lower }}|{{ [1,2,3]|join(', ') }}|{{ [3,1,2]|sort|first }}|{{ [1,2,2]|unique|list|length }}|{{ 'abc'|reverse }}|{{ [1,2,3]|last }}|{{ missing|default('d') }}|{{ ''|default('e', true) }}",
    "{{ 'a-b-c'.split('-') }} {{ ' a  b '.split() }} {{ 'aXbXc'.split('X', 1) }} {{ 'abc'.replace('b', 'xx') }} {{ 'xxabcxx'.strip('x') }} {{ 'abc'.startswith('ab') }} {{ 'abc'.endswith(('c', 'd')) }} {{ 'abcabc'.find('c') }} {{ 'abcabc'.count('b') }} {{ '-'.join(['a','b']) }} {{ 'Ab'.upper() }}{{ 'Ab'.lower() }} {{ 'they\\'re here'.title() }} {{ 'abc'.rsplit('b')[1] }}",
    "{% for i in range(5) if i is even %}{{ loop.index }}/{{ loop.length }}:{{ i }}{% if not loop.last %}, {% endif %}{% else %}none{% endfor %}",
    "{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }};{% endfor %}{% for x in [] %}x{% else %}empty{% endfor %}{% for i in range(10, 0, -3) %}{{ i }}{{ loop.cycle('x', 'y') }}{{ loop.revindex }}{% endfor %}",
    "{% for i in range(9) %}{% if i == 2 %}{% continue %}{% endif %}{% if i > 4 %}{% break %}{% endif %}{{ i }}{{ loop.previtem }}{% endfor %}",
    "{% set ns = namespace(n=0) %}{% for i in range(4) %}{% set ns.n = ns.n + i %}{% set y = i %}{% endfor %}{{ ns.n }} {{ y is defined }}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set c %}block {{ a }}{% endset %}{{ c }}",
    "{% macro tag(name, kind='x') %}<{{ name }}-{{ kind }}>{% endmacro %}{{ tag('a') }}{{ tag('b', kind='y') }}{{ tag(name='c') }}",
    "line one\n  {% if true %}\n  inside\n  {% endif %}\nafter {{- ' x ' -}} \n end\n{% raw %}{{ raw }}{% endraw %}\n{# comment #}\nlast\n\n",
    "{{ {'b': 1, 'a': [1.0, null_, true, 'é\\n\"']}|tojson }} {{ {'a': {'b': []}, 'c': [1, {}]}|tojson(indent=2) }}",
    "{{ 'a\\nb\\n\\nc'|indent(2) }}|{{ 'a\\nb'|indent(3, true) }}|{{ [{'a': {'b': 5}}]|map(attribute='a.b')|list }}|{{ ['x','y']|map('upper')|join }}|{{ [1,2,3,4]|select('odd')|list }}|{{ [1,2,3]|reject('in', [2])|list }}|{{ [{'r': 1}, {'r': 2}, {}]|rejectattr('r')|list }}",
    "{{ 'yes' if x else 'no' }} {{ 'only' if false }}|{{ not x and 1 or 2 }} {{ 1 < 2 < 3 }} {{ 1 == 1.0 }} {{ true == 1 }} {{ 'a' < 'b' }} {{ [1,2] == [1,2] }} {{ none }} {{ true }} {{ missing }}",
    "{{ '3'|int + 4 }} {{ '2.5'|float }} {{ 3.7|int }} {{ 'x'|int(9) }} {{ -3|abs }} {{ 10|string ~ 5 }} {{ {'b': 1, 'a': 2}|dictsort|map('first')|join }} {{ [1,2,3]|sum }} {{ [4,9,2]|max }} {{ {'a': 1}.get('z', 7) }} {{ {'a': 1}.keys()|list }} {{ 'x' * 3 }}",
    "{{ 1e20 }} {{ 123456789.125 }} {{ 0.00001 }} {{ 1.0e16 if false else 100000.0 }} {{ 3.0 }} {{ 0.1 + 0.2 }}",
]
ERRORS = ["{{ missing.attribute }}", "{{ 1 + 'a' }}", "{{ [1]|nofilter }}", "{% if true %}", "{{ 'a }}", "{% for x in 5 %}{% endfor %}",
          "{{ raise_exception('no') }}", "{{ x is notest }}", "{{ (1 }}", "{% endfor %}", "{% unknown %}", "{{ 1 // 0 }}", "{{ missing() }}",
          "{{ range(10000000) }}", "text {# comment"]


class Generation(Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        return nodes.Scope(parser.parse_statements(["name:endgeneration"], drop_needle=True), lineno=line)


def environment():
    result = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, "jinja2.ext.loopcontrols"])
    result.filters["tojson"] = lambda value, indent=None: json.dumps(value, ensure_ascii=False, indent=indent)

    def refuse(message):
        raise TemplateError(message)
    result.globals["raise_exception"] = refuse
    result.globals["strftime_now"] = lambda form: "01 Feb 2024"
    return result


def rendered(name, template, variables):
    case = {"name": name, "template": template, "variables": variables}
    try:
        case["text"] = environment().from_string(template).render(**variables)
    except Exception as error:
        case["error"] = type(error).__name__
    return case


def templates():
    user = {"role": "user", "content": " What is 2+2? \n"}
    talks = [
        [user], [{"role": "system", "content": " Be brief. "}, user],
        [user, {"role": "assistant", "content": "<think>\nsum\n</think>\n\nFour. "}, {"role": "user", "content": "And é漢?"}],
        [{"role": "system", "content": "S"}, user, {"role": "assistant", "content": "4"}, {"role": "user", "content": "ok"},
         {"role": "assistant", "content": "<think>t</think>bye"}],
        [user, user], [{"role": "assistant", "content": "first"}],
        [user, {"role": "tool", "content": "5"}, {"role": "tool", "content": "6"}],
    ]
    tool = {"type": "function", "function": {"name": "add", "parameters": {"a": 1.5, "b": ["x", None, True]}}}
    families = {"SmolLM2": SMOLLM, "Llama-3": LLAMA, "Qwen2": QWEN, "Mistral": MISTRAL, "Gemma": GEMMA, "Phi-3": PHI}
    for name, template in families.items():
        for messages in talks:
            for prompt in (True, False):
                variables = {"messages": messages, "add_generation_prompt": prompt, "bos_token": "<s>", "eos_token": "</s>"}
                if prompt and name in ("Llama-3", "Qwen2"):
                    variables["tools"] = [tool]
                yield rendered(name, template, variables)
    call = [user, {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "add", "arguments": {"a": 1}}}]},
            {"role": "tool", "content": {"result": 2}}]
    yield rendered("Llama-3 tools", LLAMA, {"messages": call, "add_generation_prompt": True, "bos_token": "", "tools": None})
    for piece in PIECES:
        yield rendered("piece", piece, {"x": 5, "null_": None})
    for piece in ERRORS:
        yield rendered("error", piece, {"x": 5})


def write(name, value):
    os.makedirs(FOLDER, exist_ok=True)
    with open(f"{FOLDER}/{name}.json", "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(item, separators=(",", ":")) for item in value) + "\n]\n")


def main():
    rows = []
    for name, tokenizer, paired in tokenizers():
        rows.append({"name": name, "tokenizer": json.loads(tokenizer.to_str()), "cases": list(encodings(tokenizer, paired))})
    write("tokenizers", rows)
    write("templates", templates())


if __name__ == "__main__":
    sys.exit(main())

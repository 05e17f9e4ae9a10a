import type { Field, Variant } from '#lib/kinds.ts';
import { phaseNames } from '../check.ts';

/** The form of what an answer must look like: one input a key of each assertion. */

const path: Field = { id: 'json', label: { 'zh-CN': 'JSON 路径', en: 'JSON path' }, input: 'text', required: true, help: { 'zh-CN': '例如 $.code', en: 'For example $.code' } };
const at = (id: string): Field => ({ ...path, id });
const codes = (id: string, zh: string, en: string): Field => ({ id, label: { 'zh-CN': zh, en }, input: 'list', required: id === 'ok' });

const comparisons: readonly Field[] = [
  {
    id: 'equals',
    label: { 'zh-CN': '等于', en: 'Equals' },
    input: 'value',
    required: false,
    help: { 'zh-CN': '数字、true、JSON 按原义，其余按文本；"001" 加引号也是文本', en: 'Numbers, true and JSON as such, anything else as text; "12" in quotes is text' },
  },
  { id: 'not_equals', label: { 'zh-CN': '不等于', en: 'Not equal to' }, input: 'value', required: false },
  { id: 'contains', label: { 'zh-CN': '含有', en: 'Contains' }, input: 'text', required: false },
  { id: 'matches', label: { 'zh-CN': '匹配正则', en: 'Matches expression' }, input: 'text', required: false },
  { id: 'above', label: { 'zh-CN': '大于', en: 'Above' }, input: 'number', required: false },
  { id: 'below', label: { 'zh-CN': '小于', en: 'Below' }, input: 'number', required: false },
  { id: 'length', label: { 'zh-CN': '长度', en: 'Length' }, input: 'number', required: false },
  { id: 'exists', label: { 'zh-CN': '存在', en: 'Exists' }, input: 'switch', required: false },
];

const variants: readonly Variant[] = [
  {
    key: 'status',
    label: { 'zh-CN': '状态码', en: 'Status' },
    fields: [{ id: 'status', label: { 'zh-CN': '状态码', en: 'Status' }, input: 'value', required: true, help: { 'zh-CN': '例如 200、2xx、200-204', en: 'For example 200, 2xx, 200-204' } }],
  },
  { key: 'json', label: { 'zh-CN': 'JSON 值', en: 'JSON value' }, fields: [path, ...comparisons] },
  { key: 'header', label: { 'zh-CN': '响应头', en: 'Header' }, fields: [{ id: 'header', label: { 'zh-CN': '名称', en: 'Name' }, input: 'text', required: true }, ...comparisons] },
  {
    key: 'selector',
    label: { 'zh-CN': '网页元素', en: 'Page element' },
    fields: [
      { id: 'selector', label: { 'zh-CN': 'CSS 选择器', en: 'CSS selector' }, input: 'text', required: true },
      { id: 'attribute', label: { 'zh-CN': '属性', en: 'Attribute' }, input: 'text', required: false, help: { 'zh-CN': '默认取文字', en: 'Its text by default' } },
      ...comparisons,
    ],
  },
  { key: 'contains', label: { 'zh-CN': '正文含有', en: 'Body contains' }, fields: [{ id: 'contains', label: { 'zh-CN': '文字', en: 'Text' }, input: 'text', required: true }] },
  { key: 'lacks', label: { 'zh-CN': '正文不含', en: 'Body lacks' }, fields: [{ id: 'lacks', label: { 'zh-CN': '文字', en: 'Text' }, input: 'text', required: true }] },
  { key: 'regex', label: { 'zh-CN': '正文匹配正则', en: 'Body matches' }, fields: [{ id: 'regex', label: { 'zh-CN': '正则表达式', en: 'Expression' }, input: 'text', required: true }] },
  {
    key: 'latency',
    label: { 'zh-CN': '耗时', en: 'Latency' },
    fields: [
      { id: 'latency', label: { 'zh-CN': '至多', en: 'At most' }, input: 'duration', required: true },
      { id: 'phase', label: { 'zh-CN': '阶段', en: 'Phase' }, input: 'select', required: false, options: phaseNames.map((value) => ({ value, label: { 'zh-CN': value, en: value } })) },
    ],
  },
  {
    key: 'size',
    label: { 'zh-CN': '正文大小', en: 'Size of the body' },
    fields: [
      { id: 'size.min', label: { 'zh-CN': '至少字节', en: 'Bytes at least' }, input: 'number', required: false },
      { id: 'size.max', label: { 'zh-CN': '至多字节', en: 'Bytes at most' }, input: 'number', required: false },
    ],
  },
  {
    key: 'certificate_valid_for',
    label: { 'zh-CN': '证书有效期', en: 'Certificate' },
    fields: [{ id: 'certificate_valid_for', label: { 'zh-CN': '至少还有效', en: 'Good for at least' }, input: 'duration', required: true }],
  },
  {
    key: 'golden',
    label: { 'zh-CN': '与已知记录一致', en: 'Equals a known record' },
    fields: [at('golden'), { id: 'equals', label: { 'zh-CN': '应有的字段', en: 'Fields as known' }, input: 'map', typed: true, required: true }],
  },
  {
    key: 'fresh',
    label: { 'zh-CN': '数据新鲜', en: 'Fresh data' },
    fields: [
      at('fresh'),
      { id: 'within', label: { 'zh-CN': '不早于', en: 'No older than' }, input: 'duration', required: true },
      { id: 'zone', label: { 'zh-CN': '时区', en: 'Time zone' }, input: 'text', required: false },
    ],
  },
  {
    key: 'code',
    label: { 'zh-CN': '业务码', en: 'Business code' },
    fields: [
      at('code'),
      codes('ok', '正常', 'Good'),
      codes('platform', '平台原因', "The platform's"),
      codes('throttle', '限流', 'Throttled'),
      codes('data', '数据错误', 'Wrong data'),
      codes('missing', '查无', 'Missing'),
      codes('user', '用户原因', "The user's"),
      { id: 'user_fails', label: { 'zh-CN': '用户原因也算失败', en: "The user's fail as well" }, input: 'switch', required: false },
      { ...at('message'), label: { 'zh-CN': '说明所在路径', en: 'Path of the message' }, required: false },
    ],
  },
  {
    key: 'json_equals',
    label: { 'zh-CN': '整个 JSON 一致', en: 'The whole JSON' },
    fields: [
      { id: 'json_equals', label: { 'zh-CN': '应为', en: 'Is' }, input: 'value', required: true },
      { id: 'ignore', label: { 'zh-CN': '忽略的路径', en: 'Paths ignored' }, input: 'list', required: false },
    ],
  },
];

export const assertField: Field = { id: 'assert', label: { 'zh-CN': '断言', en: 'Assertions' }, input: 'items', required: false, variants };

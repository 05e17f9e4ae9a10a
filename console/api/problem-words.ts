import type { Bilingual } from '#lib/text.ts';

/** Problems of the configuration are told in English; the ones a form meets most are said in Chinese as well, the others stay as they are. */
const inChinese: readonly (readonly [RegExp, string])[] = [
  [/^Invalid input: expected .*, received undefined$/, '必须填写'],
  [/^Invalid input: expected (\w+), received (\w+)$/, '应为 $1，得到的是 $2'],
  [/^Invalid option: expected one of (.*)$/, '应为其中之一：$1'],
  [/^Too small: expected (?:string|array) to have >=1 .*$/, '不能为空'],
  [/^Too small: expected .* to be >=?\s?(.*)$/, '太小，至少 $1'],
  [/^Too big: expected .* to be <=?\s?(.*)$/, '太大，至多 $1'],
  [/^Too big: expected (?:string|array) to have <=(\d+) .*$/, '太长，至多 $1'],
  [/^"(.*)" needs a unit, for example "30s"$/, '“$1”缺少单位，例如 30s'],
  [/^durations are written like (.*)$/, '时长写作 $1'],
  [/^must be between (.*) and (.*)$/, '应在 $1 与 $2 之间'],
  [/^for example (.*)$/, '例如 $1'],
  [/^"(.*)" is not an http or https address$/, '“$1”不是 http 或 https 地址'],
  [/^"(.*)" is already used at (.*)$/, '“$1”已用于 $2'],
  [/^every id is used once$/, '每个编号只能用一次'],
  [/^"(.*)" is not among (.*)$/, '“$1”不在 $2 之中'],
  [/^known: (.*)$/, '已有：$1'],
  [/^add it under (.*)$/, '请加到 $1 下'],
  [/^"(.*)" is not a known key here$/, '这里没有“$1”这个键'],
  [/^check the spelling, or remove it$/, '检查拼写，或删去'],
  [/^see docs\/configuration\.md$/, '见 docs/configuration.md'],
  [/^an id is letters.*$/, '编号由字母、数字、“.”“-”“_”组成，以字母或数字开头'],
  [/^is not shorter than the timeout$/, '应短于超时'],
  [/^an answer can only be slow before it times out$/, '超时之前才谈得上慢'],
  [/^not host:port$/, '不是 主机:端口'],
  [/^"(.*)" is not (?:a )?host(?: and port|:port).*$/, '“$1”不是 主机:端口'],
  [/^not a known encoding$/, '没有这种编码'],
  [/^not a known time zone, for example (.*)$/, '没有这个时区，例如 $1'],
  [/^"(.*)" is not a status$/, '“$1”不是状态码'],
  [/^"(.*)" is not a JSON path$/, '“$1”不是 JSON 路径'],
  [/^says nothing about (.*)$/, '没有写要比较什么'],
  [/^is not an assertion$/, '不是断言'],
  [/^one of (.*)$/, '应为其中之一：$1'],
  [/^a token is 16 to 200 .*$/, '令牌为 16 至 200 个字母、数字、“-”“_”'],
  [/^make one with: (.*)$/, '可以这样生成：$1'],
  [/^a journey has at least one step$/, '流程至少有一步'],
  [/^"(.*)" depends on itself$/, '“$1”依赖了自己'],
  [/^tls needs certificate and key$/, 'TLS 需要证书与私钥'],
  [/^"(.*)" is not a regular expression.*$/, '“$1”不是正则表达式'],
  [/^"(.*)" is not a known kind$/, '没有“$1”这种类型'],
];

export function problemWords(en: string): Bilingual {
  for (const [pattern, text] of inChinese) if (pattern.test(en)) return { 'zh-CN': en.replace(pattern, text), en };
  return { 'zh-CN': en, en };
}

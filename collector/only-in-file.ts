import type { Bilingual } from '#lib/text.ts';

/** Kinds that only the file may hold, and why. */
export const kindsOnlyInFile: Readonly<Record<string, Bilingual>> = {
  exec: {
    'zh-CN': '本机脚本会在服务器上执行命令，为安全起见只能在配置文件里修改。',
    en: 'A local script runs a command on the server; for safety it can only be changed in the file.',
  },
};

/** Keys without an input, and why; what stands in the file stays there when a form is saved. */
export const keysOnlyInFile: Readonly<Record<string, Bilingual>> = {
  metadata_addresses: {
    'zh-CN': '是否允许访问云主机元数据地址，属于安全设置，只能在配置文件里修改。',
    en: 'Whether cloud metadata addresses may be asked is a safety setting; it can only be changed in the file.',
  },
  'push.vantages': {
    'zh-CN': '上报由中心接收，与探测点无关。',
    en: 'Beats are heard at the centre, not at a vantage.',
  },
};

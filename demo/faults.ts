import type { Clock } from '#lib/clock.ts';
import type { Bilingual } from '#lib/text.ts';
import { after, type DurationMs, type UnixMs } from '#lib/time.ts';

/** The faults the demo service can be given, on purpose and for a while. */
export const faultNames = ['slow', 'hang', 'errors', 'wrong-answer', 'missing-invoices', 'captcha-broken', 'brute-force', 'slow-database', 'carrier-loss', 'certificate-expiring', 'down'] as const;
export type FaultName = (typeof faultNames)[number];

export const faultLabels: Readonly<Record<FaultName, Bilingual>> = {
  slow: { 'zh-CN': '响应变慢', en: 'Slow answers' },
  hang: { 'zh-CN': '请求挂起不返回', en: 'Requests hang' },
  errors: { 'zh-CN': '全部返回 500', en: 'HTTP 500 everywhere' },
  'wrong-answer': { 'zh-CN': '查询结果错误（仍返回 200）', en: 'Wrong answers (still HTTP 200)' },
  'missing-invoices': { 'zh-CN': '部分发票查不到', en: 'Some invoices missing' },
  'captcha-broken': { 'zh-CN': '验证码始终校验失败', en: 'Captcha never accepted' },
  'brute-force': { 'zh-CN': '撞库登录', en: 'Password guessing' },
  'slow-database': { 'zh-CN': '数据库变慢', en: 'Slow database' },
  'carrier-loss': { 'zh-CN': '移动线路中断', en: 'One carrier cut off' },
  'certificate-expiring': { 'zh-CN': '证书即将到期', en: 'Certificate about to expire' },
  down: { 'zh-CN': '整体中断', en: 'Service down' },
};

export interface Fault {
  name: FaultName;
  label: Bilingual;
  on: boolean;
  /** When it ends by itself; null when it is off or stays until switched off. */
  until: UnixMs | null;
}

export interface Faults {
  list(): Fault[];
  isOn(name: FaultName): boolean;
  set(name: FaultName, wish: { on: boolean; forMs?: DurationMs }): Fault;
  /** Called after every change, also when a fault ends by itself. */
  onChange(listener: (fault: Fault) => void): () => void;
  stop(): void;
}

export const isFaultName = (text: string): text is FaultName => (faultNames as readonly string[]).includes(text);

export function createFaults(clock: Clock): Faults {
  const active = new Map<FaultName, { until: UnixMs | null; cancel: () => void }>();
  const listeners = new Set<(fault: Fault) => void>();
  const view = (name: FaultName): Fault => ({ name, label: faultLabels[name], on: active.has(name), until: active.get(name)?.until ?? null });
  const tell = (name: FaultName): Fault => {
    const fault = view(name);
    for (const listener of listeners) listener(fault);
    return fault;
  };
  const end = (name: FaultName) => {
    active.get(name)?.cancel();
    active.delete(name);
  };
  return {
    list: () => faultNames.map(view),
    isOn: (name) => active.has(name),
    set(name, { on, forMs }) {
      end(name);
      if (on) {
        const over = () => {
          end(name);
          tell(name);
        };
        active.set(name, { until: forMs === undefined ? null : after(clock.now(), forMs), cancel: forMs === undefined ? () => {} : clock.after(forMs, over) });
      }
      return tell(name);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop() {
      for (const name of [...active.keys()]) end(name);
      listeners.clear();
    },
  };
}

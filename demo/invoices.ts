import { seeded } from './random.ts';

/** The invoices of the fictional service: made from one seed, and nobody could take them for real ones. */
export interface Invoice {
  /** 20 digits: year, the region 99 which does not exist, channel, sequence. */
  number: string;
  date: string;
  amount: string;
  tax: string;
  seller: string;
  buyer: string;
  kind: string;
  status: string;
}

const trades = ['餐饮', '建材', '物流', '印刷', '茶业', '软件', '园艺', '家电'] as const;
const kinds = ['数电票（普通发票）', '数电票（增值税专用发票）'] as const;

/** The first one never changes: it is the known answer the journey compares with. */
export function makeInvoices(seed: number, count: number): readonly Invoice[] {
  const random = seeded(seed);
  const golden: Invoice = {
    number: '26990000000000000001',
    date: '2026-01-15',
    amount: '1280.00',
    tax: '76.80',
    seller: '演示餐饮一号公司（虚构）',
    buyer: '演示购方（虚构）',
    kind: kinds[0],
    status: '正常',
  };
  const others = Array.from({ length: count - 1 }, (_, index): Invoice => {
    const cents = random.whole(1_000, 3_000_000);
    const day = `2026-${String(random.whole(1, 9)).padStart(2, '0')}-${String(random.whole(1, 28)).padStart(2, '0')}`;
    return {
      number: `2699${String(random.pick([0, 1, 2]))}${String(index + 2).padStart(15, '0')}`,
      date: day,
      amount: (cents / 100).toFixed(2),
      tax: (Math.round(cents * 0.06) / 100).toFixed(2),
      seller: `演示${random.pick(trades)}${index + 2}号公司（虚构）`,
      buyer: '演示购方（虚构）',
      kind: random.pick(kinds),
      status: random.chance(0.03) ? '已红冲' : '正常',
    };
  });
  return [golden, ...others];
}

/** The same invoice with an amount that is plausible and wrong. */
export function falsified(invoice: Invoice): Invoice {
  const amount = (Number(invoice.amount) + 540).toFixed(2);
  return { ...invoice, amount, tax: (Number(amount) * 0.06).toFixed(2) };
}

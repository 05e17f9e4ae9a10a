import type { Random } from './random.ts';
import { userCount, userName } from './world.ts';

/** Who visits the demo: addresses from the documentation ranges only, one range for each fictional carrier. */
export interface Visitor {
  user: string;
  client: string;
  clientPort: number;
  userAgent: string;
}

const ranges = ['192.0.2', '198.51.100', '203.0.113'] as const;
const agents = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1',
  'demo-finance-client/3.2 (演示)',
] as const;

export function someVisitor(random: Random): Visitor {
  return { user: userName(random.whole(1, userCount)), client: `${random.pick(ranges)}.${random.whole(1, 199)}`, clientPort: random.whole(20_000, 60_000), userAgent: random.pick(agents) };
}

/** A password guesser: few addresses, names from a list, half of which nobody has. */
export function someAttacker(random: Random): Visitor {
  const user = random.chance(0.5) ? userName(random.whole(1, 60)) : random.pick(['admin', 'root', 'test', 'fapiao', 'caiwu']);
  return { user, client: `198.51.100.${random.whole(240, 243)}`, clientPort: random.whole(20_000, 60_000), userAgent: 'python-requests/2.31' };
}

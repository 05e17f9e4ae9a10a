import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TestState, testState } from './embedded/test-state.ts';

let fixture: TestState;
beforeAll(async () => {
  fixture = await testState();
}, 60_000);
afterAll(() => fixture.close());

it('answers in UTC from a database of its own', async () => {
  const { rows } = await fixture.state.db.execute<{ zone: string }>(sql`select current_setting('timezone') as zone`);
  expect(rows).toEqual([{ zone: 'UTC' }]);
});

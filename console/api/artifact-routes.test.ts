import { expect, it } from 'vitest';
import { virtualClock } from '#lib/clock.ts';
import { createApi } from './app.ts';
import { fakeNow, fakePorts } from './fake-ports.ts';

const api = createApi({
  ports: fakePorts({
    artifacts: {
      read: async (id) => (id === 'a.jpg' ? { type: 'image/jpeg', bytes: Buffer.from([0xff, 0xd8, 0xff]) } : id === 'b.zip' ? { type: 'application/zip', bytes: Buffer.from('PK') } : undefined),
    },
  }),
  clock: virtualClock(fakeNow),
  onError: () => {},
});
const ask = (id: string, cookie: string) => api.request(`http://console.test/api/v1/artifacts/${id}`, { headers: { host: 'console.test', cookie } });

it.each([
  { id: 'a.jpg', type: 'image/jpeg', disposition: 'inline; filename="a.jpg"' },
  { id: 'b.zip', type: 'application/zip', disposition: 'attachment; filename="b.zip"' },
])('serves $id as what it is and nothing else', async ({ id, type, disposition }) => {
  const answer = await ask(id, 'who=viewer');
  expect(answer.status).toBe(200);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-type': type,
    'content-disposition': disposition,
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
  });
});

it('has nothing for who is not signed in, nor under an id nobody has', async () => {
  expect((await ask('a.jpg', '')).status).toBe(401);
  expect((await ask('c.jpg', 'who=viewer')).status).toBe(404);
});

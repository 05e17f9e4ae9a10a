import { describe, expect, it, test } from 'vitest';
import { expireSilence, putSilence } from './silence.ts';
import { matchers, s } from './test-dispatch.ts';

describe('silences are edited so that history stays true', () => {
  const wish = { matchers: matchers('job="a"'), startsAt: s(0), endsAt: s(100), createdBy: 'x', comment: 'why' };
  const known = () => {
    const made = putSilence(new Map(), wish, { now: s(0), newId: 'one' });
    return new Map((made.ok ? made.changed : []).map((each) => [each.id, each]));
  };

  it('changing the comment or the end keeps the id', () => {
    expect(putSilence(known(), { ...wish, id: 'one', comment: 'other', endsAt: s(200) }, { now: s(10), newId: 'two' })).toMatchObject({
      ok: true,
      id: 'one',
      changed: [{ id: 'one', comment: 'other', endsAt: s(200) }],
    });
  });
  it('changing the matchers ends the old one and makes a new one', () => {
    expect(putSilence(known(), { ...wish, id: 'one', matchers: matchers('job="b"') }, { now: s(10), newId: 'two' })).toMatchObject({
      ok: true,
      id: 'two',
      changed: [
        { id: 'one', endsAt: s(10) },
        { id: 'two', startsAt: s(10) },
      ],
    });
  });
  test.each([
    { name: 'no matcher', change: { matchers: [] } },
    { name: 'a matcher that matches everything', change: { matchers: matchers('job=~".*"') } },
    { name: 'no comment', change: { comment: ' ' } },
    { name: 'no author', change: { createdBy: '' } },
    { name: 'an end in the past', change: { endsAt: s(5) } },
    { name: 'an end before the start', change: { startsAt: s(300), endsAt: s(200) } },
  ])('$name is refused and leaves the old one intact', ({ change }) => {
    expect(putSilence(known(), { ...wish, id: 'one', ...change }, { now: s(10), newId: 'two' })).toMatchObject({ ok: false, reason: 'invalid' });
  });
  it('an unknown id is said so; expiring twice changes nothing the second time', () => {
    expect(putSilence(known(), { ...wish, id: 'nine' }, { now: s(10), newId: 'two' })).toMatchObject({ ok: false, reason: 'notFound' });
    expect(expireSilence(known(), 'one', s(10))).toMatchObject({ ok: true, changed: [{ endsAt: s(10) }] });
    expect(expireSilence(known(), 'one', s(100))).toMatchObject({ ok: true, changed: [] });
  });
});

import { expect, test } from 'vitest';
import { keyCommand } from './keys.ts';

const bare = { command: false, other: false, typing: false, layered: false, going: false };

test.each([
  { name: 'Ctrl K opens the palette even while typing', press: { ...bare, key: 'k', command: true, typing: true }, want: { do: 'palette' } },
  { name: 'a letter in a text field is only a letter', press: { ...bare, key: 'j', typing: true }, want: null },
  { name: 'keys under a dialog do nothing', press: { ...bare, key: 'a', layered: true }, want: null },
  { name: 'g waits for where', press: { ...bare, key: 'g' }, want: { do: 'wait' } },
  { name: 'the key after g says where', press: { ...bare, key: 'o', going: true }, want: { do: 'go', key: 'o' } },
  { name: 'a after g goes to alerts and acknowledges nothing', press: { ...bare, key: 'a', going: true }, want: { do: 'go', key: 'a' } },
  { name: 'Escape after g forgets it', press: { ...bare, key: 'Escape', going: true }, want: null },
  { name: 'j walks down', press: { ...bare, key: 'j' }, want: { do: 'move', by: 1 } },
  { name: 'k walks up', press: { ...bare, key: 'k' }, want: { do: 'move', by: -1 } },
  { name: 'a acknowledges', press: { ...bare, key: 'a' }, want: { do: 'press', key: 'a' } },
  { name: 'Ctrl A stays the browser’s', press: { ...bare, key: 'a', command: true }, want: null },
  { name: '? shows the keys', press: { ...bare, key: '?' }, want: { do: 'keys' } },
] as const)('$name', ({ press, want }) => {
  expect(keyCommand(press)).toEqual(want);
});

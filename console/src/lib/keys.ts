/** What a key press means; `g` waits for the second key that says where. */
export type KeyCommand = { do: 'go'; key: string } | { do: 'move'; by: 1 | -1 } | { do: 'press'; key: 'a' | 's' | 'e' | 'n' } | { do: 'palette' } | { do: 'keys' } | { do: 'wait' } | null;

export interface Press {
  key: string;
  /** Ctrl or ⌘. */
  command: boolean;
  other: boolean;
  /** The press went into a text field. */
  typing: boolean;
  /** A dialog lies above the page. */
  layered: boolean;
  /** `g` was pressed just before. */
  going: boolean;
}

export function keyCommand(press: Press): KeyCommand {
  const { key } = press;
  if (press.command && !press.other && key.toLowerCase() === 'k') return { do: 'palette' };
  if (press.command || press.other || press.typing || press.layered) return null;
  if (press.going) return /^[a-z]$/.test(key) ? { do: 'go', key } : null;
  if (key === 'g') return { do: 'wait' };
  if (key === '?') return { do: 'keys' };
  if (key === '/') return { do: 'palette' };
  if (key === 'j') return { do: 'move', by: 1 };
  if (key === 'k') return { do: 'move', by: -1 };
  if (key === 'a' || key === 's' || key === 'e' || key === 'n') return { do: 'press', key };
  return null;
}

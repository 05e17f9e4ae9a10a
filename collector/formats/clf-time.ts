/** Reads `17/May/2015:10:05:03 +0000` out of a longer text without cutting it up. */

const month = new Map(['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'].map((name, index) => [packMonth(name, 0), index]));

function packMonth(text: string, at: number): number {
  return (text.charCodeAt(at) << 16) | (text.charCodeAt(at + 1) << 8) | text.charCodeAt(at + 2);
}

/** Two digits, or a number far below zero when they are not digits, so that sums of bad fields stay negative. */
function two(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1e9;
}

export const clfTimeLength = 26;

/** Milliseconds since 1970, or NaN. The midnight of the last date read is remembered: most lines share it. */
export function clfTimeReader(): (text: string, at: number) => number {
  let lastDate = '';
  let midnight = Number.NaN;

  const dateAt = (text: string, at: number): number => {
    const date = text.slice(at, at + 11);
    if (date === lastDate) return midnight;
    const day = two(date, 0);
    const monthIndex = month.get(packMonth(date, 3));
    const year = two(date, 7) * 100 + two(date, 9);
    const value = monthIndex === undefined ? Number.NaN : Date.UTC(year, monthIndex, day);
    const real = date.charCodeAt(2) === 47 && date.charCodeAt(6) === 47 && year >= 1970 && year <= 2200 && new Date(value).getUTCDate() === day;
    if (!real) return Number.NaN;
    lastDate = date;
    midnight = value;
    return value;
  };

  return (text, at) => {
    const hours = two(text, at + 12);
    const minutes = two(text, at + 15);
    const seconds = two(text, at + 18);
    const sign = text.charCodeAt(at + 21);
    const away = two(text, at + 22) * 60 + two(text, at + 24);
    const bad = hours < 0 || minutes < 0 || seconds < 0 || away < 0 || hours > 23 || minutes > 59 || seconds > 60 || away > 1_440 || (sign !== 43 && sign !== 45);
    if (bad || text.charCodeAt(at + 11) !== 58 || text.charCodeAt(at + 14) !== 58 || text.charCodeAt(at + 17) !== 58 || text.charCodeAt(at + 20) !== 32) return Number.NaN;
    return dateAt(text, at) + (hours * 3_600 + minutes * 60 + seconds - (sign === 45 ? -away : away) * 60) * 1_000;
  };
}

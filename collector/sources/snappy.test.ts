import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { IngestError } from './ingest.ts';
import { unsnap } from './snappy.ts';

const most = 1_000_000;
const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

describe('what Snappy packs', () => {
  test.each([
    { name: 'nothing', packed: '00', text: '' },
    { name: 'bytes as they are', packed: '03 08 61 62 63', text: 'abc' },
    { name: 'a length in a byte of its own', packed: `46 f0 45 ${'61'.repeat(70)}`, text: 'a'.repeat(70) },
    { name: 'a length in two bytes', packed: `ac02 f4 2b01 ${'61'.repeat(300)}`, text: 'a'.repeat(300) },
    { name: 'a near repetition', packed: '07 08 61 62 63 01 03', text: 'abcabca' },
    { name: 'a repetition of itself', packed: '09 00 61 11 01', text: 'aaaaaaaaa' },
    { name: 'a repetition two bytes tell of', packed: '06 08 61 62 63 0a 03 00', text: 'abcabc' },
    { name: 'a repetition four bytes tell of', packed: '06 08 61 62 63 0b 03 00 00 00', text: 'abcabc' },
  ])('is unpacked: $name', ({ packed, text }) => {
    expect(unsnap(bytes(packed), most).toString()).toBe(text);
  });

  test.each([
    { name: 'empty', packed: '' },
    { name: 'a length without end', packed: 'ffffffffffff' },
    { name: 'a literal cut short', packed: '03 08 61' },
    { name: 'longer than it says', packed: '02 08 61 62 63' },
    { name: 'shorter than it says', packed: '04 08 61 62 63' },
    { name: 'a repetition of nothing', packed: '07 08 61 62 63 01 00' },
    { name: 'a repetition from before the beginning', packed: '07 08 61 62 63 01 04' },
    { name: 'a repetition cut short', packed: '07 08 61 62 63 01' },
    { name: 'a promise it cannot keep', packed: '80 80 08 00 61' },
  ])('is refused with 400: $name', ({ packed }) => {
    expect(() => unsnap(bytes(packed), most)).toThrow(expect.objectContaining({ status: 400, message: expect.stringContaining('not snappy') as string }) as Error);
  });

  it('is refused with 413 before room is made for what it promises', () => {
    expect(() => unsnap(bytes('ffffffff0f 00 61'), most)).toThrow(expect.objectContaining({ status: 413 }) as Error);
  });

  it('never does anything but unpack or refuse', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (packed) => {
        try {
          expect(unsnap(packed, most).length).toBeLessThanOrEqual(most);
        } catch (error) {
          expect(error).toBeInstanceOf(IngestError);
        }
      }),
    );
  });
});

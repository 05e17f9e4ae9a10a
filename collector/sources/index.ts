import { file } from './file.ts';

/** Every kind of source; a new one is a file, its test and a line here. */
export const sourceKinds = [file] as const;

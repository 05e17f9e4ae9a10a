import { file } from './file.ts';
import { http } from './http-lines.ts';
import { journal } from './journal.ts';
import { scrape } from './scrape.ts';
import { syslog } from './syslog.ts';

/** Every kind of source; a new one is a file, its test and a line here. */
export const sourceKinds = [file, http, journal, scrape, syslog] as const;

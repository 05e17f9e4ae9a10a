import type { Format, ParsedLine } from './format.ts';
import { withLineFeeds } from './line-break.ts';
import { severityOf, syslogAttributes } from './syslog.ts';
import { parseSyslog } from './syslog-message.ts';
import { zoneReader } from './zone.ts';

/** Formats that read syslog's header themselves. */
export const readsEnvelope: ReadonlySet<string> = new Set(['syslog', 'auth', 'haproxy']);

/**
 * What a program sends by syslog in its own format: the header says who and when, the text is read by the format. A text
 * the format cannot read, another program's on the same port, keeps its header's time and severity. One without a header is
 * read as it stands, since some senders put bare JSON on the wire.
 */
export function insideSyslog(format: Format, { zone = 'UTC', year }: { zone?: string | undefined; year?: number | undefined }): Format {
  const toInstant = zoneReader(zone);
  return {
    kind: format.kind,
    parse(line, near): ParsedLine {
      const syslog = parseSyslog(withLineFeeds(line), { year, near, toInstant });
      if (syslog.header === 'none' && !syslog.prioritized) return format.parse(syslog.message, near);
      const parsed = format.parse(syslog.message, syslog.time ?? near);
      Object.assign(parsed.attributes, syslogAttributes(syslog));
      const severity = parsed.malformed === '' ? {} : severityOf(syslog);
      return { ...parsed, ...severity, time: parsed.time ?? syslog.time };
    },
  };
}

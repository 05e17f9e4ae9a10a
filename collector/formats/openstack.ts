import type { AttributeValue } from '#collector/log.ts';
import { defineKind } from '#lib/kinds.ts';
import { type Format, formatFields, formatShape, malformedLine, type ParsedLine } from './format.ts';
import { readIsoTime } from './iso-time.ts';
import { readLevel } from './level.ts';
import { addressOf } from './login-told.ts';
import { plainNumber, requestRecord, wholeNumber } from './request-record.ts';
import { routeReader } from './route.ts';
import { zoneReader } from './zone.ts';

/** OpenStack's services (oslo.log), their API requests with status and time; a file's name may stand in front. */
export const openstack = defineKind({
  kind: 'openstack',
  label: { 'zh-CN': 'OpenStack 日志', en: 'OpenStack log' },
  fields: formatFields,
  shape: formatShape,
  make: ({ zone }): Format => {
    const toInstant = zoneReader(zone);
    const routeFor = routeReader();
    const parse = (line: string): ParsedLine => {
      const [, file, clock = '', pid, level = '', module, context, text = ''] = head.exec(line) ?? [];
      const time = clock === '' ? undefined : readIsoTime(clock, toInstant);
      if (time === undefined) return malformedLine(line, 'does not begin with "date time pid LEVEL module"');
      const [id, user, project] = (context ?? '').split(' ');
      const own: Record<string, AttributeValue | undefined> = {
        'log.file.name': file,
        'process.pid': Number(pid),
        'code.namespace': module,
        'openstack.request_id': id,
        'openstack.project_id': project,
        'enduser.id': user,
      };
      const request = api.exec(text);
      const [, address, method, target, protocol, status, length, seconds] = request ?? [];
      const client = address === undefined ? undefined : addressOf(address);
      const record = requestRecord(
        text,
        { time, client, method, target, protocol, status: wholeNumber(status), seconds: plainNumber(seconds), bodySize: wholeNumber(length) },
        { more: own, routeFor },
      );
      return { ...record, ...readLevel(level) };
    };
    return { kind: 'openstack', parse };
  },
});

const head = /^(?:(\S{1,200}) )?(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{1,6}) (\d{1,10}) (TRACE|DEBUG|INFO|AUDIT|WARNING|ERROR|CRITICAL) (\S{1,200}) (?:\[(-|[^\]]{1,300})\] )?(.*)$/s;
const api = /^(\S{2,60}) "([A-Z]{1,20}) (\S{1,8000}) HTTP\/(\S{1,8})" status: (\d{3}) {1,2}len: (\d{1,15})(?: microversion: \S{1,10})? time: (\d{1,10}(?:\.\d{1,9})?)/;
